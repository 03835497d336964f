package optim

import (
	"errors"
	"fmt"

	"github.com/longtail-ml/longtail/nn"
)

// Groups is a Rule for parameters that do not all train alike: a backbone at a tenth of the learning rate, say, or batch
// norm without weight decay. A parameter belongs to the first group that matches it; one that no group matches trains by
// Rule alone. The optimizer's state has the names it has without groups, so that a run's groups may change when it is
// taken up again. Rule must keep its state by parameter.
type Groups struct {
	Rule   Rule    // required
	Groups []Group // none: all parameters train by Rule alone
	// NoVectorDecay leaves parameters of fewer than two dimensions, which are biases and the weights of batch norm,
	// without weight decay in every group. Rule must be a Decayer.
	NoVectorDecay bool
}

// Group is what a part of the parameters has of its own.
type Group struct {
	Match []string // patterns of paths, see nn.MatchPath: "backbone", "**.bias"
	// LearningRate multiplies the learning rate of each step; 0 means 1. Use nn.FreezePaths for parameters that must
	// stay as they are.
	LearningRate float64
	WeightDecay  float64 // in place of the rule's, which must be a Decayer; 0 means the rule's
	NoDecay      bool    // no weight decay, which 0 above cannot say
}

// Decayer is a Rule whose weight decay Groups can set; SGD, Adam and AdamW are.
type Decayer interface {
	Rule
	// WithWeightDecay returns the same rule with another weight decay.
	WithWeightDecay(decay float64) Rule
}

// WithWeightDecay returns s with another weight decay.
func (s SGD) WithWeightDecay(decay float64) Rule { s.WeightDecay = decay; return s }

// WithWeightDecay returns a with another weight decay.
func (a Adam) WithWeightDecay(decay float64) Rule { a.WeightDecay = decay; return a }

// WithWeightDecay returns a with another weight decay.
func (a AdamW) WithWeightDecay(decay float64) Rule { a.WeightDecay = decay; return a }

// New returns an optimizer of params that is Rule's in each group. It is an error if a group has no pattern, if a pattern
// matches no parameter, if earlier groups have all that a group matches, or if a setting makes no sense.
func (g Groups) New(params []nn.Entry) (Optimizer, error) {
	if g.Rule == nil {
		return nil, errors.New("optim: Groups.Rule is not set: it says how parameters change, as SGD{Momentum: 0.9} does")
	}
	if err := checkParams(params); err != nil {
		return nil, err
	}
	if _, err := g.Rule.New(nil); err != nil { // also where every parameter is in a group that replaces the setting
		return nil, err
	}
	members, err := g.assign(params)
	if err != nil {
		return nil, err
	}
	o := &grouped{}
	for i, all := range members {
		group, name := Group{}, "Groups.Rule"
		if i < len(g.Groups) {
			group, name = g.Groups[i], fmt.Sprintf("Groups[%d]", i)
		}
		if err := o.add(g, group, name, all); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// assign returns the parameters of each group, and last those of none.
func (g Groups) assign(params []nn.Entry) ([][]nn.Entry, error) {
	members := make([][]nn.Entry, len(g.Groups)+1)
	used := make([][]bool, len(g.Groups))
	for i, group := range g.Groups {
		used[i] = make([]bool, len(group.Match))
	}
	for _, e := range params {
		first := len(g.Groups)
		for i, group := range g.Groups {
			for j, pattern := range group.Match {
				ok, err := nn.MatchPath(pattern, e.Path)
				if err != nil {
					return nil, fmt.Errorf("optim: Groups[%d]: %w", i, err)
				}
				if ok {
					used[i][j], first = true, min(first, i)
				}
			}
		}
		members[first] = append(members[first], e)
	}
	for i, group := range g.Groups {
		if len(group.Match) == 0 {
			return nil, fmt.Errorf("optim: Groups[%d] has no pattern: Match says which parameters are its own", i)
		}
		for j, pattern := range group.Match {
			if !used[i][j] {
				return nil, fmt.Errorf("optim: Groups[%d] matches no parameter with %q: %s", i, pattern, pathsOf(params))
			}
		}
		if len(members[i]) == 0 {
			return nil, fmt.Errorf("optim: Groups[%d] %q matches only what earlier groups have: the first match wins, so put "+
				"the narrower group first", i, group.Match)
		}
	}
	return members, nil
}

func pathsOf(params []nn.Entry) string {
	if len(params) == 0 {
		return "there is none"
	}
	return fmt.Sprintf("their paths go from %q to %q, see nn.Params", params[0].Path, params[len(params)-1].Path)
}
