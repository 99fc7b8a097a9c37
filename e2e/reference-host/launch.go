package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

// handshake is what every Nomad version says to its plugins.
var handshake = plugin.HandshakeConfig{
	ProtocolVersion:  2,
	MagicCookieKey:   "NOMAD_PLUGIN_MAGIC_COOKIE",
	MagicCookieValue: "e4327c2e01eabfd75a8a67adb114fb34a757d57eee7728d857a8cec6e91a7255",
}

// markVariable tells the processes of one launch from all others, whoever their parent is by now.
const markVariable = "REFERENCE_HOST_LAUNCH"

type hostOptions struct {
	pluginPath, socket, image, allocRoot string
}

type host struct {
	hostOptions
	schema  *schema
	observe *observer
	logger  hclog.Logger

	mu      sync.Mutex
	running []*launched
	count   int
}

func newHost(options hostOptions, schema *schema) *host {
	observe := newObserver(os.Stdout)
	return &host{hostOptions: options, schema: schema, observe: observe, logger: hostLogger(observe)}
}

// bareConnection hands out the connection as go-plugin made it; Nomad's clients sit on the same one.
type bareConnection struct {
	plugin.NetRPCUnsupportedPlugin
}

func (bareConnection) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("this program only hosts plugins")
}

func (bareConnection) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return conn, nil
}

// launched is one plugin process.
type launched struct {
	rpc
	host       *host
	client     *plugin.Client
	command    *exec.Cmd
	mark       string
	socketPath string
	spawnedAt  time.Time
}

// launch starts the plugin the way Nomad does: no AutoMTLS, no multiplexing, gRPC only.
func (h *host) launch() (*launched, error) {
	h.mu.Lock()
	h.count++
	mark := strconv.Itoa(os.Getpid()) + "." + strconv.Itoa(h.count)
	h.mu.Unlock()

	command := exec.Command(h.pluginPath)
	command.Env = []string{markVariable + "=" + mark}
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  handshake,
		Plugins:          plugin.PluginSet{"base": bareConnection{}, "driver": bareConnection{}},
		Cmd:              command,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger:           h.logger,
		StartTimeout:     time.Minute,
	})
	l := &launched{host: h, client: client, command: command, mark: mark, spawnedAt: time.Now()}
	h.mu.Lock()
	h.running = append(h.running, l)
	h.mu.Unlock()

	protocol, err := client.Client()
	if err != nil {
		return nil, err
	}
	dispensed, err := protocol.Dispense("driver")
	if err != nil {
		return nil, err
	}
	conn, ok := dispensed.(*grpc.ClientConn)
	if !ok {
		return nil, errors.New("go-plugin dispensed something else than a connection")
	}
	l.rpc = rpc{conn: conn, schema: h.schema}
	l.socketPath = client.ReattachConfig().Addr.String()
	return l, nil
}

// pid is 0 when the plugin does not run.
func (l *launched) pid() int {
	if config := l.client.ReattachConfig(); config != nil {
		return config.Pid
	}
	return 0
}

// kill ends the plugin through go-plugin and observes what is left of it.
func (l *launched) kill(name string) {
	start := time.Now()
	l.client.Kill()
	tookMs := millisecondsSince(start)
	exitCode := -1
	if state := l.command.ProcessState; state != nil {
		exitCode = state.ExitCode()
	}
	_, err := os.Lstat(l.socketPath)
	l.host.observe.say("kill", fields{
		"launch": name, "ms": tookMs, "exitCode": exitCode,
		"socketPath": l.socketPath, "socketGone": errors.Is(err, os.ErrNotExist),
		"processesLeft": processesMarked(l.mark), "temporaryFiles": temporaryFiles(),
	})
}

func (h *host) killAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, l := range h.running {
		l.client.Kill()
	}
}

// processesMarked lists living processes that were born with the mark of a launch.
func processesMarked(mark string) []string {
	left := []string{}
	environments, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		return left
	}
	for _, path := range environments {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		for variable := range strings.SplitSeq(string(raw), "\x00") {
			if variable == markVariable+"="+mark {
				left = append(left, filepath.Base(filepath.Dir(path)))
			}
		}
	}
	return left
}

// temporaryFiles lists everything below TMPDIR, which belongs to this run alone when the caller sets it so.
func temporaryFiles() []string {
	found := []string{}
	root := os.Getenv("TMPDIR")
	if root == "" {
		return found
	}
	_ = filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
		if err == nil && path != root {
			found = append(found, path)
		}
		return nil
	})
	return found
}
