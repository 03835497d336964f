// Package method has the methods the field compares on long-tailed images as presets: each is the heads, streams, losses,
// schedules and second stage of its paper, in terms of package train.
//
//	m := method.BCL()
//	net, streams, err := m.New(body, method.Setup{Counts: dataset.Counts(train), Seed: 1})
//	result, err := train.Trainer{Streams: streams}.Fit(ctx, net, trainSet, test)
//	err = m.Finish(ctx, net, method.Stage{Train: train}) // a second stage, for methods that have one
//
// All lists them, ByName finds one. The formula of a loss is in package loss, at the type that a preset's comment names.
//
// A method with a Teacher learns from another network, which is trained before or opened from a file, see hybrid.Streams.TaughtBy.
//
// Invariants: a Method holds no state and may be used for many networks; equal Setups give equal networks and losses.
// Images is what a sample costs: the images that pass the backbone for it in a step.
//
// Limits: second stages see each image as it is, without augmentation. Publications differ in augmentation and epochs:
// Streams.Augment gives all methods the same views.
package method
