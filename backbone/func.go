package backbone

import "github.com/longtail-ml/longtail/nn"

// Func makes a backbone of any module, such as an nn.Sequential, or an nn.Func, which has no parameters.
type Func struct {
	nn.Module
	Dim int // width of the features
}

// OutDim is Dim.
func (f Func) OutDim() int { return f.Dim }
