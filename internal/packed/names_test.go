package packed

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNumber(t *testing.T) {
	mixed := []string{"1", "2", "other"}
	for _, c := range []struct {
		texts, classes []string
		named          bool
		labels         []int
		names          []string
	}{
		{[]string{"2", "0"}, nil, false, []int{2, 0}, []string{"0", "1", "2"}},
		{[]string{"2", "1", "other"}, nil, false, []int{1, 0, 2}, mixed},
		{[]string{"2", "1"}, mixed, true, []int{1, 0}, mixed}, // a part without the third class
		{[]string{"2", "1"}, mixed, false, []int{2, 1}, mixed},
	} {
		labels, names, err := Number(c.texts, c.classes, c.named)
		require.NoError(t, err)
		require.Equal(t, c.labels, labels, c)
		require.Equal(t, c.names, names, c)
	}
	_, _, err := Number([]string{"1", "3"}, mixed, true)
	require.Equal(t, BadLabel{1, `label "3": it is not one of the 3 classes`}, err)
}
