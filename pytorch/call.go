package pytorch

import (
	"errors"
	"fmt"
)

// functions are those that a pickle may call. Nothing of Python runs: each makes a value here.
var functions map[global]func(args tuple) (any, error)

func init() {
	functions = map[global]func(args tuple) (any, error){
		"collections.OrderedDict":                    orderedDict,
		"collections.Counter":                        counter,
		"_codecs.encode":                             encode,
		"torch.Size":                                 size,
		"torch._utils._rebuild_tensor_v2":            rebuildTensor,
		"torch._utils._rebuild_parameter":            rebuildParameter,
		"torch._utils._rebuild_parameter_with_state": rebuildParameter,
	}
}

// refused is the error of a name that is none of those known.
func refused(name global) error {
	return fmt.Errorf("the file asks for %s, which is not part of a file of tensors: nothing of it was run. With PyTorch, in a place "+
		`where you trust the file, save its tensors alone: torch.save(torch.load(path)["state_dict"], new), or model.state_dict() of a whole model`, name)
}

// call makes what the function of that name returns.
func call(f any, args any) (any, error) {
	name, ok := f.(global)
	if !ok {
		return nil, fmt.Errorf("a call of a %s", kind(f))
	}
	function := functions[name]
	if function == nil {
		return nil, refused(name)
	}
	t, ok := args.(tuple)
	if !ok {
		return nil, fmt.Errorf("%s is called with a %s", name, kind(args))
	}
	v, err := function(t)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return v, nil
}

// copied is how many values a call with these arguments copies: the same ones can be arguments of many calls.
func copied(args any) int {
	n := 0
	t, _ := args.(tuple)
	for _, a := range t {
		switch a := a.(type) {
		case *list:
			n += len(a.items)
		case tuple:
			n += len(a)
		}
	}
	return n
}

// orderedDict takes nothing, or a list of pairs.
func orderedDict(args tuple) (any, error) {
	d := newDict()
	if len(args) == 0 {
		return d, nil
	}
	pairs, ok := args[0].(*list)
	if !ok || len(args) > 1 {
		return nil, errors.New("needs a list of pairs")
	}
	for _, p := range pairs.items {
		var pair []any
		switch p := p.(type) {
		case tuple:
			pair = p
		case *list:
			pair = p.items
		}
		if len(pair) != 2 {
			return nil, errors.New("needs a list of pairs")
		}
		d.set(pair[0], pair[1])
	}
	return d, nil
}

// counter takes a dict, as schedulers have one of their milestones.
func counter(args tuple) (any, error) {
	if len(args) == 1 {
		if d, ok := args[0].(*dict); ok {
			return d, nil
		}
	}
	return nil, errors.New("needs a dict")
}

// encode is what bytes are by protocol 2: text and the name of its encoding.
func encode(args tuple) (any, error) {
	if len(args) > 0 {
		if s, ok := args[0].(string); ok {
			return s, nil
		}
	}
	return nil, errors.New("needs text")
}

func size(args tuple) (any, error) {
	if len(args) == 1 {
		if t, ok := args[0].(tuple); ok {
			return t, nil
		}
	}
	return nil, errors.New("needs a tuple")
}

// rebuildParameter takes a tensor, and whether it has a gradient and so on.
func rebuildParameter(args tuple) (any, error) {
	if len(args) > 0 {
		if a, ok := args[0].(*array); ok {
			return a, nil
		}
	}
	return nil, errors.New("needs a tensor")
}

// rebuildTensor takes a storage, an offset, the shape and the strides in values, and things that matter to Python.
func rebuildTensor(args tuple) (any, error) {
	if len(args) < 4 {
		return nil, fmt.Errorf("has %d arguments, needs a storage, an offset, a shape and strides", len(args))
	}
	s, ok := args[0].(*storage)
	offset, ok2 := args[1].(int64)
	shape, ok3 := integers(args[2])
	stride, ok4 := integers(args[3])
	if !ok || !ok2 || !ok3 || !ok4 {
		return nil, fmt.Errorf("needs a storage, an offset, a shape and strides, not %s, %s, %s and %s", kind(args[0]), kind(args[1]), kind(args[2]), kind(args[3]))
	}
	const most = 64 // of PyTorch
	if len(shape) > most {
		return nil, fmt.Errorf("a tensor of %d dimensions, at most %d are read: the file is damaged", len(shape), most)
	}
	a := &array{s, offset, shape, stride}
	return a, a.check()
}
