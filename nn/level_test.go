package nn_test

import (
	"testing"

	"github.com/longtail-ml/longtail/internal/leveltest"
)

func TestMain(m *testing.M) { leveltest.Main(m) }
