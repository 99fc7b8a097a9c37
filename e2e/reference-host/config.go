package main

import (
	"encoding/json"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	hcljson "github.com/hashicorp/hcl/v2/json"
	"github.com/zclconf/go-cty/cty"
	ctymsgpack "github.com/zclconf/go-cty/cty/msgpack"
)

// encodeConfig goes the agent's way: JSON, HashiCorp's HCL decoder led by the plugin's own schema, msgpack.
func encodeConfig(spec message, config map[string]any) ([]byte, error) {
	decoder, err := decoderSpec(spec, "")
	if err != nil {
		return nil, fmt.Errorf("read the plugin's schema: %w", err)
	}
	text, err := json.Marshal(config)
	if err != nil {
		return nil, err
	}
	file, diagnostics := hcljson.Parse(text, "config.json")
	if diagnostics.HasErrors() {
		return nil, diagnostics
	}
	value, diagnostics := hcldec.Decode(file.Body, decoder, nil)
	if diagnostics.HasErrors() {
		return nil, diagnostics
	}
	return ctymsgpack.Marshal(value, value.Type())
}

// decoderSpec turns an hclspec.Spec into its hcldec counterpart. Only a direct child of an object inherits the
// object's key as its name.
func decoderSpec(spec message, inherited string) (hcldec.Spec, error) {
	for kind, raw := range spec {
		body, ok := raw.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s is no message", kind)
		}
		return decoderSpecOf(kind, body, inherited)
	}
	return nil, fmt.Errorf("a spec of no kind, under %q", inherited)
}

func decoderSpecOf(kind string, body message, inherited string) (hcldec.Spec, error) {
	name, required := inherited, body["required"] == true
	if own, ok := body["name"].(string); ok {
		name = own
	}
	switch kind {
	case "object":
		return objectSpec(body)
	case "array":
		return arraySpec(body)
	case "Attr":
		of, err := typeOf(body)
		return &hcldec.AttrSpec{Name: name, Type: of, Required: required}, err
	case "block_attrs":
		of, err := typeOf(body)
		return &hcldec.BlockAttrsSpec{TypeName: name, ElementType: of, Required: required}, err
	case "literal":
		value, err := literalOf(body)
		return &hcldec.LiteralSpec{Value: value}, err
	case "default":
		return defaultSpec(body)
	}

	nested, err := decoderSpec(child(body, "nested"), "")
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", kind, name, err)
	}
	switch kind {
	case "block_value":
		return &hcldec.BlockSpec{TypeName: name, Nested: nested, Required: required}, nil
	case "block_list":
		return &hcldec.BlockListSpec{TypeName: name, Nested: nested, MinItems: count(body, "min_items"), MaxItems: count(body, "max_items")}, nil
	case "block_set":
		return &hcldec.BlockSetSpec{TypeName: name, Nested: nested, MinItems: count(body, "min_items"), MaxItems: count(body, "max_items")}, nil
	case "block_map":
		return &hcldec.BlockMapSpec{TypeName: name, Nested: nested, LabelNames: texts(body["labels"])}, nil
	}
	return nil, fmt.Errorf("a spec of the unknown kind %q", kind)
}

func objectSpec(body message) (hcldec.Spec, error) {
	object := hcldec.ObjectSpec{}
	for name, raw := range child(body, "attributes") {
		attribute, ok := raw.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("attribute %q is no message", name)
		}
		spec, err := decoderSpec(attribute, name)
		if err != nil {
			return nil, err
		}
		object[name] = spec
	}
	return object, nil
}

func arraySpec(body message) (hcldec.Spec, error) {
	tuple := hcldec.TupleSpec{}
	values, _ := body["values"].([]any)
	for _, raw := range values {
		value, ok := raw.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("array element %v is no message", raw)
		}
		spec, err := decoderSpec(value, "")
		if err != nil {
			return nil, err
		}
		tuple = append(tuple, spec)
	}
	return tuple, nil
}

func defaultSpec(body message) (hcldec.Spec, error) {
	primary, err := decoderSpec(child(body, "primary"), "")
	if err != nil {
		return nil, err
	}
	fallback, err := decoderSpec(child(body, "default"), "")
	return &hcldec.DefaultSpec{Primary: primary, Default: fallback}, err
}

func typeOf(body message) (cty.Type, error) {
	text, _ := body["type"].(string)
	expression, diagnostics := hclsyntax.ParseExpression([]byte(text), "type", hcl.InitialPos)
	if diagnostics.HasErrors() {
		return cty.DynamicPseudoType, diagnostics
	}
	of, diagnostics := typeexpr.TypeConstraint(expression)
	if diagnostics.HasErrors() {
		return cty.DynamicPseudoType, diagnostics
	}
	return of, nil
}

func literalOf(body message) (cty.Value, error) {
	text, _ := body["value"].(string)
	expression, diagnostics := hclsyntax.ParseExpression([]byte(text), "literal", hcl.InitialPos)
	if diagnostics.HasErrors() {
		return cty.NilVal, diagnostics
	}
	value, diagnostics := expression.Value(nil)
	if diagnostics.HasErrors() {
		return cty.NilVal, diagnostics
	}
	return value, nil
}

// child is the message in a field, empty when the field is unset.
func child(of message, name string) message {
	found, _ := of[name].(map[string]any)
	return found
}

// count reads a 64-bit integer, which JSON carries as text.
func count(of message, name string) int {
	text, _ := of[name].(string)
	number := 0
	for _, digit := range text {
		number = number*10 + int(digit-'0')
	}
	return number
}

func texts(raw any) []string {
	list, _ := raw.([]any)
	found := make([]string, 0, len(list))
	for _, element := range list {
		found = append(found, fmt.Sprint(element))
	}
	return found
}
