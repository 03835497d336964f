package onnx

// The parts of ONNX's format that this package writes and reads. Field numbers are those of onnx.proto.

// opset is the version of the operators that are written.
const opset = 17

// irVersion is that of the file format, which came with opset 17.
const irVersion = 8

type model struct {
	ir       int64
	producer string
	version  string
	opsets   map[string]int64 // by domain; "" is ONNX's own
	metadata [][2]string
	graph    graph
}

type graph struct {
	name            string
	nodes           []*node
	inits           []*array
	inputs, outputs []valueInfo
}

type node struct {
	op, name, domain string
	in, out          []string
	attributes       []attribute
}

// attribute has one of the values.
type attribute struct {
	name   string
	kind   attributeKind
	f      float32
	i      int64
	s      string
	t      *array
	floats []float32
	ints   []int64
}

type attributeKind int64

const (
	isFloat  attributeKind = 1
	isInt    attributeKind = 2
	isString attributeKind = 3
	isTensor attributeKind = 4
	isFloats attributeKind = 6
	isInts   attributeKind = 7
)

// array is a TensorProto, whose values are in one of three forms. Raw ones of a file that was read are the file's bytes.
type array struct {
	name     string
	dims     []int64
	kind     elementKind
	raw      []byte // little-endian
	floats   []float32
	ints     []int64
	external bool // the values are in another file
}

type elementKind int64

const (
	float32s  elementKind = 1
	uint8s    elementKind = 2
	int32s    elementKind = 6
	int64s    elementKind = 7
	bools     elementKind = 9
	float16s  elementKind = 10
	float64s  elementKind = 11
	bfloat16s elementKind = 16
)

// valueInfo is an input or output.
type valueInfo struct {
	name string
	kind elementKind
	dims []dim
}

// dim is a number, or a name for any.
type dim struct {
	size int64
	name string
}
