package pytorch

import (
	"fmt"
	"math"
	"strconv"
)

// The values that a pickle makes: nil, bool, int64, float64, string (also of bytes and of long integers) and these.
type (
	tuple []any
	list  struct{ items []any }
	// global is a name of Python's, which is looked up in calls and nowhere else.
	global string
	// storage is an array that tensors lie in.
	storage struct {
		dtype string // of safetensors
		key   string
		numel int64
	}
	// array is a tensor: some values of a storage.
	array struct {
		storage       *storage
		offset        int64
		shape, stride []int64
	}
)

// dict keeps its text keys, and integers as text, in the order they came.
type dict struct {
	keys []string
	text map[string]any
}

func newDict() *dict { return &dict{} }

func (d *dict) set(key, value any) {
	var name string
	switch k := key.(type) {
	case string:
		name = k
	case int64:
		name = strconv.FormatInt(k, 10)
	default:
		return // cannot be part of a name
	}
	if d.text == nil {
		d.text = map[string]any{}
	}
	if _, known := d.text[name]; !known {
		d.keys = append(d.keys, name)
	}
	d.text[name] = value
}

var storageTypes = map[global]string{
	"torch.FloatStorage": "F32", "torch.DoubleStorage": "F64", "torch.HalfStorage": "F16", "torch.BFloat16Storage": "BF16",
	"torch.LongStorage": "I64", "torch.IntStorage": "I32", "torch.ShortStorage": "I16", "torch.CharStorage": "I8",
	"torch.ByteStorage": "U8", "torch.BoolStorage": "BOOL",
}

var sizes = map[string]int64{"F32": 4, "F64": 8, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}

// check compares the tensor with its storage, so that it neither reads beyond nor takes more memory.
func (a *array) check() error {
	if len(a.shape) != len(a.stride) || a.offset < 0 {
		return fmt.Errorf("shape %v, strides %v and offset %d do not fit", a.shape, a.stride, a.offset)
	}
	values, last := int64(1), a.offset
	for i, n := range a.shape {
		if n < 0 || a.stride[i] < 0 {
			return fmt.Errorf("shape %v and strides %v must not be negative", a.shape, a.stride)
		}
		if n > math.MaxInt || n > 0 && values > math.MaxInt64/n || n > 1 && a.stride[i] > (math.MaxInt64-last)/(n-1) {
			return fmt.Errorf("shape %v with strides %v is more than can be counted", a.shape, a.stride)
		}
		values *= n
		last += max(n-1, 0) * a.stride[i]
	}
	if values > 0 && (last >= a.storage.numel || values > a.storage.numel) {
		return fmt.Errorf("shape %v with strides %v from value %d on does not lie in the %d values of storage %q: the file is damaged, or the "+
			"tensor was expanded and must be saved as tensor.contiguous()", a.shape, a.stride, a.offset, a.storage.numel, a.storage.key)
	}
	return nil
}

func (s *storage) bytes() int64 { return s.numel * sizes[s.dtype] }

func integers(v any) ([]int64, bool) {
	t, ok := v.(tuple)
	if !ok {
		return nil, false
	}
	all := make([]int64, len(t))
	for i, v := range t {
		if all[i], ok = v.(int64); !ok {
			return nil, false
		}
	}
	return all, true
}

// kind names what a value is.
func kind(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case global:
		return string(v)
	case *dict:
		return "dict"
	case *list:
		return "list"
	case *array:
		return "tensor"
	case *storage:
		return "storage"
	case tuple:
		return "tuple"
	}
	return fmt.Sprintf("%T", v)
}

// shown is a value in a message: a number itself, a text's begin, of others the kind. What holds others may do so more often than
// a message can tell.
func shown(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("%.40q", v)
	case int64, float64, bool:
		return fmt.Sprint(v)
	}
	return kind(v)
}
