package report

import "fmt"

// addEmbeddings adds the maps and the Gram matrices.
func (r *Run) addEmbeddings(p *page) {
	s := section{ID: "embeddings", Title: "Embeddings"}
	if r.Test.Map != nil {
		s = r.mapSection()
	}
	for k, proto := range r.Test.Prototypes {
		if c := r.gram(k, proto); c != nil {
			s.Charts = append(s.Charts, c)
		} else {
			s.Text = append(s.Text, fmt.Sprintf("There is no Gram matrix of the %s: it is drawn of 2 to %s classes.", proto.Of, count(mostGram)))
		}
	}
	if r.Test.Voted != nil {
		s.Text = append(s.Text, r.votedText())
		s.Tables = []table{r.votedTable()}
	}
	if s.Charts != nil || s.Text != nil || s.Tables != nil {
		p.add(s)
	}
}

// addImages adds what went wrong, as pictures.
func (r *Run) addImages(p *page) {
	t := r.Test
	s := section{ID: "images", Title: "Images"}
	if len(t.Surest) > 0 {
		g := gallery{Title: "Most wrongly sure", Text: "The test images that are taken for another class with the highest probability."}
		for _, m := range t.Surest {
			g.Items = append(g.Items, item{[]shown{{m.Picture, r.class(t.Outcomes[m.Image].Label), ""}}, r.mistake(m)})
		}
		s.Galleries = append(s.Galleries, g)
	}
	if len(t.Rare) > 0 {
		g := gallery{Title: "Mistakes of the rarest classes", Text: "Of the third of the classes with the fewest training images, each with the nearest of the " + t.Compared + " by the cosine of the embeddings."}
		for _, m := range t.Rare {
			it := item{[]shown{{m.Picture, r.class(t.Outcomes[m.Image].Label), ""}}, r.mistake(m)}
			for _, n := range m.Neighbors {
				it.Pictures = append(it.Pictures, shown{n.Picture, "near: " + r.class(n.Label), fmt.Sprintf("%s %.2f", r.class(n.Label), n.Cosine)})
			}
			g.Items = append(g.Items, it)
		}
		s.Galleries = append(s.Galleries, g)
	}
	if t.Hashed {
		others := "a training image, or as a test image of another class"
		if t.Compared == "" { // no training images were there
			others = "a test image of another class"
		}
		g := gallery{Title: "Duplicates", Text: "No test image has the same pixels as " + others + "."}
		if n := len(t.Duplicates); n > 0 {
			g.Text = fmt.Sprintf("%s the same pixels as %s, at the size that the network has them.", plural(n, "test image has", "test images have"), others)
		}
		for _, d := range t.Duplicates {
			if d.Picture.Data == "" || d.Again.Data == "" {
				break
			}
			in := "in test"
			if d.Trained {
				in = "in train"
			}
			g.Items = append(g.Items, item{[]shown{{d.Picture, r.class(d.Label), ""}, {d.Again, r.class(d.OtherLabel), ""}},
				[]string{r.class(d.Label) + " in test, " + r.class(d.OtherLabel) + " " + in, d.Picture.Name + " and " + d.Again.Name}})
		}
		s.Galleries = append(s.Galleries, g)
	}
	if s.Galleries != nil {
		p.add(s)
	}
}

// mistake says what an image was taken for.
func (r *Run) mistake(m Mistake) []string {
	o := r.Test.Outcomes[m.Image]
	return []string{fmt.Sprintf("%s, taken for %s", r.class(o.Label), r.class(o.Predicted)),
		fmt.Sprintf("%s%% sure, %s%% for the true class", percent(float64(o.Confidence)), percent(float64(o.Own))), m.Picture.Name}
}
