package onnx

import "google.golang.org/protobuf/encoding/protowire"

func (g *graph) read(r reader) error {
	return r.each(func(x field) error {
		var sub reader
		var err error
		switch x.number {
		case 1, 5, 11, 12, 15:
			if sub, err = r.sub("part", x); err != nil {
				return err
			}
		}
		switch x.number {
		case 1:
			n := &node{}
			sub.name = "a node"
			g.nodes = append(g.nodes, n)
			return n.read(sub)
		case 2:
			g.name, err = r.string(x)
		case 5:
			a := &array{}
			sub.name = "an initializer"
			g.inits = append(g.inits, a)
			return a.read(sub)
		case 11, 12:
			sub.name = "an input or output"
			v, err := readValueInfo(sub)
			if x.number == 11 {
				g.inputs = append(g.inputs, v)
			} else {
				g.outputs = append(g.outputs, v)
			}
			return err
		case 15:
			return r.fail(x.at, "sparse initializers are not supported: save the model with dense ones")
		}
		return err
	})
}

func (n *node) read(r reader) error {
	return r.each(func(x field) error {
		var err error
		var name string
		switch x.number {
		case 1:
			name, err = r.string(x)
			n.in = append(n.in, name)
		case 2:
			name, err = r.string(x)
			n.out = append(n.out, name)
		case 3:
			n.name, err = r.string(x)
		case 4:
			n.op, err = r.string(x)
		case 5:
			sub, err := r.sub("attribute", x)
			if err != nil {
				return err
			}
			var a attribute
			if err := a.read(sub); err != nil {
				return err
			}
			n.attributes = append(n.attributes, a)
		case 7:
			n.domain, err = r.string(x)
			if n.domain == "ai.onnx" {
				n.domain = ""
			}
		}
		return err
	})
}

func (a *attribute) read(r reader) error {
	return r.each(func(x field) (err error) {
		switch x.number {
		case 1:
			a.name, err = r.string(x)
		case 2:
			var v []float32
			if v, err = r.floats(nil, x); len(v) == 1 {
				a.f = v[0]
			}
		case 3:
			a.i, err = r.int(x)
		case 4:
			a.s, err = r.string(x)
		case 5:
			var sub reader
			if sub, err = r.sub("an attribute's tensor", x); err == nil {
				a.t = &array{}
				err = a.t.read(sub)
			}
		case 7:
			a.floats, err = r.floats(a.floats, x)
		case 8:
			a.ints, err = r.ints(a.ints, x)
		case 20:
			var kind int64
			kind, err = r.int(x)
			a.kind = attributeKind(kind)
		}
		return err
	})
}

// read keeps values as bytes, whatever field they are in.
func (a *array) read(r reader) error {
	const external = 1
	return r.each(func(x field) (err error) {
		switch x.number {
		case 1:
			a.dims, err = r.ints(a.dims, x)
		case 2:
			var kind int64
			kind, err = r.int(x)
			a.kind = elementKind(kind)
		case 4:
			a.floats, err = r.floats(a.floats, x)
		case 5, 7:
			a.ints, err = r.ints(a.ints, x)
		case 6, 10, 11:
			return r.fail(x.at, "values as strings, doubles or unsigned numbers of 64 bits are not supported: save the model with raw data")
		case 8:
			a.name, err = r.string(x)
		case 9:
			if x.kind != protowire.BytesType {
				return r.fail(x.at, "damaged: raw data that are no bytes")
			}
			a.raw = x.bytes
		case 13:
			a.external = true
		case 14:
			var location int64
			location, err = r.int(x)
			a.external = a.external || location == external
		}
		return err
	})
}

func readValueInfo(r reader) (v valueInfo, err error) {
	err = r.each(func(x field) (err error) {
		switch x.number {
		case 1:
			v.name, err = r.string(x)
		case 2: // TypeProto, its tensor_type, its shape, its dim
			err = r.down(x, 1, func(r reader, x field) (err error) {
				switch x.number {
				case 1:
					var kind int64
					kind, err = r.int(x)
					v.kind = elementKind(kind)
				case 2:
					err = r.down(x, 0, func(r reader, x field) error {
						if x.number != 1 {
							return nil
						}
						var d dim
						v.dims = append(v.dims, d)
						last := &v.dims[len(v.dims)-1]
						return r.down(x, 0, func(r reader, x field) (err error) {
							switch x.number {
							case 1:
								last.size, err = r.int(x)
							case 2:
								last.name, err = r.string(x)
							}
							return err
						})
					})
				}
				return err
			})
		}
		return err
	})
	return v, err
}

// down goes through the message in a field, or if through is not 0 through the messages in the fields of that number in it.
func (r reader) down(x field, through protowire.Number, do func(r reader, x field) error) error {
	sub, err := r.sub("message", x)
	if err != nil {
		return err
	}
	sub.name = r.name
	return sub.each(func(x field) error {
		switch through {
		case 0:
			return do(sub, x)
		case x.number:
			return sub.down(x, 0, do)
		}
		return nil
	})
}
