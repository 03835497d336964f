package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFlagsAreChecked(t *testing.T) {
	for args, want := range map[string]string{
		"":                                       "give either -data, ",
		"-quick -data x":                         "give either -data, ",
		"-quick table":                           `unexpected argument "table"`,
		"-quick -methods ce,boosting":            `-methods: method: there is no "boosting", only ce, `,
		"-quick -methods ce,ce":                  "-methods has ce twice",
		"-quick -seeds 1,x":                      `-seeds "1,x": "x" is not a new whole number`,
		"-quick -seeds 1,1":                      `-seeds "1,1": "1" is not a new whole number`,
		"-quick -equal steps":                    `-equal "steps" is not one of images, epochs`,
		"-quick -views paper":                    "-views paper is for images of 32 pixels, not of 16",
		"-quick -epochs 100":                     "-epochs 100 and -batch 48 must be multiples of 3, the images a sample of hybrid-sc, or use -equal epochs",
		"-quick -holdout 0":                      "-holdout 0 must be below 1, and above 0 for tau-norm",
		"-quick -show budget":                    `-show "budget" is no field of a manifest`,
		"-quick -lr 0":                           "-lr 0 above 0",
		"-quick -cuts 60,50":                     `-cuts "60,50": "50" is not a percentage`,
		"-quick -cuts 100":                       `-cuts "100": "100" is not a percentage`,
		"-quick -select last":                    `-select "last" is not one of shuffle, first`,
		"-methods none":                          "-methods none makes a table of earlier runs",
		"-methods none -with x -quick -epochs 3": "-methods none trains nothing, so that -epochs, -quick would mean nothing: only -with, -show, -json and -floor go with it",
		"-methods none -with x -seeds 1":         "so that -seeds would mean nothing",
		"-methods none -with x -show budget":     `-show "budget" is no field of a manifest`,
		"-methods none -with x,y -show network.width -json z -floor 2": "",
		"-quick -recipe best":                                                             `-recipe "best" is not one of common, paper`,
		"-quick -recipe paper -methods ce":                                                "-recipe paper trains every method for -epochs epochs: add -equal epochs",
		"-quick -recipe paper -methods ce -equal epochs -warmup 0":                        "-warmup has no meaning with -recipe paper, by which each method has its own",
		"-quick -recipe paper -methods ce,crt,supcon -equal epochs":                       "-recipe paper: no recipe for crt, supcon: leave out of -methods what has none, or use -recipe common",
		"-quick -recipe paper -methods ce,hybrid-sc,paco -equal epochs -clip 2 -epochs 7": "",
		"-methods none -with x":                                                           "",
		"-quick -cuts none -select first":                                                 "",
		"-quick -profile natural":                                                         "",
		"-data x -profile natural":                                                        "",
		"-quick -methods ce -holdout 0":                                                   "",
		"-quick -profile natural -imbalance 10":                                           "-imbalance and -select have no meaning with -profile natural",
		"-quick -show network.width,data.name":                                            "",
	} {
		s, err := parse(strings.Fields(args))
		if want == "" {
			require.NoError(t, err, args)
			require.Equal(t, strings.Contains(args, "-clip 2"), s.Clip == 2, args)
		} else {
			require.ErrorContains(t, err, want, args)
		}
	}
}
