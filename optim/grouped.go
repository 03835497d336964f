package optim

import (
	"errors"
	"fmt"

	"github.com/longtail-ml/longtail/nn"
)

// grouped is one optimizer of several.
type grouped struct{ parts []part }

type part struct {
	Optimizer
	rate float64 // times the learning rate
}

// add makes the optimizers of a group: vectors that must not decay have one apart.
func (o *grouped) add(g Groups, group Group, name string, params []nn.Entry) error {
	err := errors.Join(nonNegative(name+".LearningRate", group.LearningRate), nonNegative(name+".WeightDecay", group.WeightDecay))
	if err != nil {
		return err
	}
	if group.NoDecay && group.WeightDecay != 0 {
		return fmt.Errorf("optim: %s has WeightDecay %v and NoDecay: choose one of them", name, group.WeightDecay)
	}
	if group.LearningRate == 0 {
		group.LearningRate = 1
	}
	var members, vectors []nn.Entry
	for _, e := range params {
		if g.NoVectorDecay && len(e.Param.Value.Shape()) < 2 {
			vectors = append(vectors, e)
		} else {
			members = append(members, e)
		}
	}
	rule := g.Rule
	if group.NoDecay || group.WeightDecay != 0 {
		if rule, err = withDecay(g.Rule, name, group.WeightDecay); err != nil {
			return err
		}
	}
	if err := o.addPart(rule, members, group.LearningRate); err != nil || len(vectors) == 0 {
		return err
	}
	if rule, err = withDecay(g.Rule, "Groups.NoVectorDecay", 0); err != nil {
		return err
	}
	return o.addPart(rule, vectors, group.LearningRate)
}

func (o *grouped) addPart(rule Rule, params []nn.Entry, rate float64) error {
	if len(params) == 0 {
		return nil
	}
	optimizer, err := rule.New(params)
	if err != nil {
		return err
	}
	o.parts = append(o.parts, part{optimizer, rate})
	return nil
}

// withDecay returns the rule with the weight decay that the named setting asks for.
func withDecay(rule Rule, name string, decay float64) (Rule, error) {
	d, ok := rule.(Decayer)
	if !ok {
		return nil, fmt.Errorf("optim: %s sets the weight decay, which %T does not allow: give it the method WithWeightDecay",
			name, rule)
	}
	return d.WithWeightDecay(decay), nil
}

// Step is that of each group's optimizer at its own learning rate.
func (o *grouped) Step(lr float64) {
	for _, p := range o.parts {
		p.Optimizer.Step(lr * p.rate)
	}
}

// Visit shows the state of all groups.
func (o *grouped) Visit(v nn.Visitor) {
	for _, p := range o.parts {
		p.Optimizer.Visit(v)
	}
}
