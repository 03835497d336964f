// Package manifest says what a run was, so that two runs can be compared and a figure can be trusted: which images it was
// trained on, the network, the losses and the schedule, how the quoted weights were selected, and what it was computed
// with.
//
// A Manifest holds plain values that the caller fills in; New fills in the build. As JSON its fields have a fixed order,
// so equal manifests are equal bytes. Decode is strict: it refuses what this version of the format does not know. Diff
// lists how two manifests differ, Changes whether it is the same run, Unfair what keeps two runs from being compared. Results are no part of it, and neither are dates or paths: two runs of the same protocol
// on the same machine have equal manifests.
//
// Limits: the fields that are text are compared as text. A manifest is a statement of the program that trained, not a
// proof.
package manifest
