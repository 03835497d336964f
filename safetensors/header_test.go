package safetensors

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHeaderOverTheFormatsLimit(t *testing.T) {
	h := header{json: make([]byte, maxHeader-2)}
	_, err := h.bytes()
	require.NoError(t, err)
	h.json = make([]byte, maxHeader-1)
	_, err = h.bytes()
	require.EqualError(t, err,
		"the header has 100000008 bytes, of which the format allows 100000000: shorten the metadata")
}
