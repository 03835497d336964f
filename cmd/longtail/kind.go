package main

import "github.com/longtail-ml/longtail/experiment"

// checkKind is an error if the folder of --out holds what another command began.
func checkKind(dir string, kind experiment.Kind) error {
	was := experiment.KindOf(dir)
	if was == "" || was == kind {
		return nil
	}
	command := map[experiment.Kind]string{experiment.KindRun: "train", experiment.KindComparison: "compare", experiment.KindSweep: "sweep"}[was]
	return misused("%s holds a %s, not a %s: choose another --out, or go on with it by longtail %s --resume --out %s", dir, was, kind, command, argument(dir))
}
