package main

import (
	"context"
	"fmt"
)

// launches starts the plugin three times in a row, as an agent does when it starts: to read its schema, to check the
// config, and for good. It keeps the streams of the last open while it kills it.
func launches(ctx context.Context, h *host) error {
	spec, err := launchForSchema(ctx, h)
	if err != nil {
		return fmt.Errorf("schema launch: %w", err)
	}
	packed, err := encodeConfig(spec, map[string]any{"socket_path": h.socket})
	if err != nil {
		return fmt.Errorf("encode the plugin config: %w", err)
	}
	h.observe.say("plugin-config", fields{"msgpack": packed})
	if err := launchForCheck(ctx, h, packed); err != nil {
		return fmt.Errorf("check launch: %w", err)
	}
	if err := launchForGood(ctx, h); err != nil {
		return fmt.Errorf("real launch: %w", err)
	}
	return nil
}

func launchForSchema(ctx context.Context, h *host) (message, error) {
	l, err := h.launch()
	if err != nil {
		return nil, err
	}
	handshakeMs := millisecondsSince(l.spawnedAt)
	info, err := l.base(ctx, "PluginInfo", message{})
	if err != nil {
		return nil, fmt.Errorf("PluginInfo: %w", err)
	}
	h.observe.say("spawn", fields{"handshakeMs": handshakeMs, "pluginInfoMs": millisecondsSince(l.spawnedAt)})
	h.observe.say("plugin-info", info)
	answer, err := l.base(ctx, "ConfigSchema", message{})
	if err != nil {
		return nil, fmt.Errorf("ConfigSchema: %w", err)
	}
	h.observe.say("config-schema", answer)
	l.kill("schema")
	return child(answer, "spec"), nil
}

func launchForCheck(ctx context.Context, h *host, packed []byte) error {
	l, err := h.launch()
	if err != nil {
		return err
	}
	for range 2 {
		if _, err := l.base(ctx, "SetConfig", setConfigRequest(packed, false)); err != nil {
			return fmt.Errorf("SetConfig: %w", err)
		}
	}
	l.kill("check")
	return nil
}

func launchForGood(ctx context.Context, h *host) error {
	l, err := h.launch()
	if err != nil {
		return err
	}
	if err := l.configure(ctx, map[string]any{"socket_path": h.socket}); err != nil {
		return err
	}
	if err := observeFingerprint(ctx, l); err != nil {
		return err
	}
	events, err := l.open(ctx, "TaskEvents", message{})
	if err != nil {
		return fmt.Errorf("TaskEvents: %w", err)
	}
	go observeEvents(h.observe, events)
	l.kill("real")
	return nil
}
