package method_test

import (
	"fmt"

	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/method"
)

// The zero value of settings is the paper's; loss.Off is 0 where 0 is meant.
func Example_settings() {
	for _, m := range []method.Method{
		method.HybridSC(loss.SupervisedContrastive{}),
		method.HybridPSC(method.PSC{Temperature: 0.1, Fixed: true}),
		method.Focal(loss.Focal{Gamma: 1}),
		method.LogitAdjusted(loss.LogitAdjusted{Tau: 1.5}),
		method.TauNorm(method.TauNormSettings{Tau: loss.Off}),
	} {
		fmt.Println(m.Title)
	}
	// Output:
	// Hybrid-SC
	// Hybrid-PSC, fixed prototypes
	// Focal
	// Logit-adjusted
	// τ-norm
}
