package serve_test

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"testing"

	"github.com/longtail-ml/longtail/serve"
	"github.com/stretchr/testify/require"
)

// The page needs nothing but this server, and may ask nobody else.
func TestThePageIsSelfContained(t *testing.T) {
	_, s := server(t, serve.Settings{})
	got := get(t, s.URL+"/")
	require.Equal(t, "text/html; charset=utf-8", got.header.Get("Content-Type"))
	text := string(got.body)
	require.NotRegexp(t, `https?:|src="|@import|url\(|<link rel="stylesheet`, text)
	require.NotRegexp(t, `innerHTML|insertAdjacentHTML|document\.write|eval\(`, text, "what a server or a file says is text")
	policy := got.header.Get("Content-Security-Policy")
	require.Contains(t, policy, "default-src 'none'")
	for _, element := range []string{"style", "script"} {
		all := regexp.MustCompile("(?s)<"+element+">(.*?)</"+element+">").FindAllStringSubmatch(text, -1)
		require.Len(t, all, 1)
		sum := sha256.Sum256([]byte(all[0][1]))
		require.Contains(t, policy, element+"-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
	}
}
