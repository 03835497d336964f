package train

// mergedShare of the classes or more have prototypes that have merged, where it is warned of; fewer may be alike by nature.
const mergedShare = 0.2

// warnOfMerged looks at the prototypes of losses that can tell which have merged, after each epoch but those of the first quarter, in
// which they may pass one another, and warns once.
func (r *run) warnOfMerged() {
	if r.OnWarning == nil || 4*(r.at.Epoch+1) <= r.Epochs {
		return
	}
	k := 0
	for _, s := range r.Streams {
		for _, t := range s.Terms {
			w := &r.watches[k]
			k++
			l, ok := t.Loss.(interface{ Merged() []int })
			if !ok || w.merged {
				continue
			}
			if merged := l.Merged(); len(merged) > 1 && float64(len(merged)) >= mergedShare*float64(len(r.counts)) {
				w.merged = true
				r.warn(Warning{Kind: MergedPrototypes, At: r.at, Term: t.Name, Classes: merged})
			}
		}
	}
}
