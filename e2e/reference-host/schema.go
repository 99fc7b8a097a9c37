package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

const (
	baseService      = "hashicorp.nomad.plugins.base.proto.BasePlugin"
	driverService    = "hashicorp.nomad.plugins.drivers.proto.Driver"
	recoverableError = "hashicorp.nomad.plugins.shared.structs.RecoverableError"
)

// message is a protobuf message in its JSON form: field names as in the .proto file, enums as numbers,
// bytes in base64, 64-bit integers as text, unset fields left out.
type message = map[string]any

type schema struct {
	files *protoregistry.Files
}

func loadSchema(path string) (*schema, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the descriptor set: %w", err)
	}
	set := &descriptorpb.FileDescriptorSet{}
	if err := proto.Unmarshal(raw, set); err != nil {
		return nil, fmt.Errorf("decode the descriptor set %s: %w", path, err)
	}
	files, err := protodesc.NewFiles(set)
	if err != nil {
		return nil, fmt.Errorf("link the descriptor set %s: %w", path, err)
	}
	return &schema{files: files}, nil
}

func (s *schema) method(service, name string) (protoreflect.MethodDescriptor, error) {
	found, err := s.files.FindDescriptorByName(protoreflect.FullName(service))
	if err != nil {
		return nil, fmt.Errorf("find service %s: %w", service, err)
	}
	described, ok := found.(protoreflect.ServiceDescriptor)
	if !ok {
		return nil, fmt.Errorf("%s is no service", service)
	}
	method := described.Methods().ByName(protoreflect.Name(name))
	if method == nil {
		return nil, fmt.Errorf("service %s has no method %s", service, name)
	}
	return method, nil
}

func encodeMessage(kind protoreflect.MessageDescriptor, from message) (*dynamicpb.Message, error) {
	text, err := json.Marshal(from)
	if err != nil {
		return nil, err
	}
	to := dynamicpb.NewMessage(kind)
	if err := protojson.Unmarshal(text, to); err != nil {
		return nil, fmt.Errorf("make a %s: %w", kind.FullName(), err)
	}
	return to, nil
}

func decodeMessage(from *dynamicpb.Message) (message, error) {
	text, err := protojson.MarshalOptions{UseProtoNames: true, UseEnumNumbers: true}.Marshal(from)
	if err != nil {
		return nil, err
	}
	to := message{}
	err = json.Unmarshal(text, &to)
	return to, err
}

// bytesOf decodes a bytes field; nil when it is unset.
func bytesOf(raw any) []byte {
	text, _ := raw.(string)
	decoded, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	return decoded
}

// rpc is one connection with the schema of what is spoken on it.
type rpc struct {
	conn   *grpc.ClientConn
	schema *schema
}

func (r rpc) call(ctx context.Context, service, name string, request message) (message, error) {
	method, err := r.schema.method(service, name)
	if err != nil {
		return nil, err
	}
	in, err := encodeMessage(method.Input(), request)
	if err != nil {
		return nil, err
	}
	out := dynamicpb.NewMessage(method.Output())
	if err := r.conn.Invoke(ctx, "/"+service+"/"+name, in, out); err != nil {
		return nil, err
	}
	return decodeMessage(out)
}

func (r rpc) base(ctx context.Context, name string, request message) (message, error) {
	return r.call(ctx, baseService, name, request)
}

func (r rpc) driver(ctx context.Context, name string, request message) (message, error) {
	return r.call(ctx, driverService, name, request)
}

// stream is an open call of the driver service; unary methods can be opened as streams too.
type stream struct {
	raw    grpc.ClientStream
	method protoreflect.MethodDescriptor
}

// open starts a call and sends its first request. Only a call whose client streams is left open for more.
func (r rpc) open(ctx context.Context, name string, request message) (*stream, error) {
	method, err := r.schema.method(driverService, name)
	if err != nil {
		return nil, err
	}
	description := &grpc.StreamDesc{StreamName: name, ServerStreams: true, ClientStreams: method.IsStreamingClient()}
	raw, err := r.conn.NewStream(ctx, description, "/"+driverService+"/"+name)
	if err != nil {
		return nil, err
	}
	opened := &stream{raw: raw, method: method}
	if err := opened.send(request); err != nil {
		return nil, err
	}
	if method.IsStreamingClient() {
		return opened, nil
	}
	return opened, raw.CloseSend()
}

func (s *stream) send(request message) error {
	in, err := encodeMessage(s.method.Input(), request)
	if err != nil {
		return err
	}
	return s.raw.SendMsg(in)
}

// receive answers io.EOF when the plugin ended the stream with OK.
func (s *stream) receive() (message, error) {
	out := dynamicpb.NewMessage(s.method.Output())
	if err := s.raw.RecvMsg(out); err != nil {
		return nil, err
	}
	return decodeMessage(out)
}

// describe turns the end of a call into an observation: code, text, and Nomad's recoverable mark when the first
// detail carries one.
func (s *schema) describe(err error) fields {
	if err == nil || errors.Is(err, io.EOF) {
		return fields{"code": "OK"}
	}
	answer, isStatus := status.FromError(err)
	seen := fields{"code": answer.Code().String(), "text": answer.Message(), "isStatus": isStatus}
	details := answer.Proto().GetDetails()
	if len(details) == 0 {
		return seen
	}
	seen["detailType"] = details[0].GetTypeUrl()
	found, lookupErr := s.files.FindDescriptorByName(protoreflect.FullName(recoverableError))
	kind, isMessage := found.(protoreflect.MessageDescriptor)
	if lookupErr != nil || !isMessage || string(details[0].MessageName()) != recoverableError {
		return seen
	}
	detail := dynamicpb.NewMessage(kind)
	if err := proto.Unmarshal(details[0].GetValue(), detail); err != nil {
		seen["detailError"] = err.Error()
		return seen
	}
	seen["recoverable"] = detail.Get(kind.Fields().ByName("recoverable")).Bool()
	return seen
}
