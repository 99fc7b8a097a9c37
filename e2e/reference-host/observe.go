package main

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
)

// observer writes one JSON line per observation. The key "seen" names it.
type observer struct {
	mu  sync.Mutex
	out *json.Encoder
}

type fields map[string]any

func newObserver(out io.Writer) *observer {
	return &observer{out: json.NewEncoder(out)}
}

func (o *observer) say(seen string, more fields) {
	line := fields{"seen": seen}
	for key, value := range more {
		line[key] = value
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	// A line that cannot be written has no reader left to tell.
	_ = o.out.Encode(line)
}

// Accept makes the observer a sink of the host's logger: go-plugin's own lines and those of the plugin.
// go-plugin adds "timestamp" to a line of the plugin only when it could parse it as hclog JSON.
func (o *observer) Accept(name string, level hclog.Level, message string, args ...any) {
	more := fields{}
	parsed := false
	for i := 0; i+1 < len(args); i += 2 {
		key := fmt.Sprint(args[i])
		parsed = parsed || key == "timestamp"
		more[key] = fmt.Sprint(args[i+1])
	}
	o.say("log", fields{"logger": name, "level": level.String(), "message": message, "parsed": parsed, "fields": more})
}

// hostLogger passes every line to the observer and prints nothing itself.
func hostLogger(o *observer) hclog.Logger {
	logger := hclog.NewInterceptLogger(&hclog.LoggerOptions{Name: "host", Level: hclog.Trace, Output: io.Discard})
	logger.RegisterSink(o)
	return logger
}

func millisecondsSince(start time.Time) float64 {
	return float64(time.Since(start).Microseconds()) / 1000
}
