package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/method"
)

func TestMethodsAndViewsAreChosen(t *testing.T) {
	all, err := chooseMethods("")
	require.NoError(t, err)
	require.Len(t, all, len(method.All()))
	two, err := chooseMethods("bcl,ce")
	require.NoError(t, err)
	require.Equal(t, []string{"bcl", "ce"}, []string{two[0].Name, two[1].Name})
	_, err = methods(settings{methods: "ce,mine"})
	require.ErrorContains(t, err, `method: there is no "mine", only ce, `)
	_, err = methods(settings{views: "none"})
	require.EqualError(t, err, "-views none: there are cifar and paper")
}
