package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
)

const (
	taskName = "web"
	jobName  = "reference"
	memoryMb = 64
	cpuMhz   = 100
)

// allocation is the folder Nomad makes for a task before it starts it, with the two log FIFOs read as logmon does.
type allocation struct {
	id, dir, taskID string
	stdout, stderr  *fifoReader
}

func makeAllocation(root string) (*allocation, error) {
	id, err := newID()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(root, id)
	a := &allocation{id: id, dir: dir, taskID: id + "/" + taskName + "/" + id[:8]}
	for path, mode := range map[string]os.FileMode{
		"alloc": 0o777, "alloc/data": 0o777, "alloc/logs": 0o777, "alloc/tmp": 0o777,
		taskName: 0o777, taskName + "/local": 0o777, taskName + "/secrets": 0o777, taskName + "/tmp": 0o777,
	} {
		full := filepath.Join(dir, path)
		if err := errors.Join(os.MkdirAll(full, mode), os.Chmod(full, mode)); err != nil {
			return nil, fmt.Errorf("make the allocation directory: %w", err)
		}
	}
	if a.stdout, err = readFifo(filepath.Join(dir, "alloc/logs/."+taskName+".stdout.fifo")); err != nil {
		return nil, err
	}
	a.stderr, err = readFifo(filepath.Join(dir, "alloc/logs/."+taskName+".stderr.fifo"))
	return a, err
}

// newID makes a version 4 UUID.
func newID() (string, error) {
	raw := make([]byte, 16)
	if _, err := rand.Read(raw); err != nil {
		return "", err
	}
	raw[6], raw[8] = raw[6]&0x0f|0x40, raw[8]&0x3f|0x80
	text := hex.EncodeToString(raw)
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:], nil
}

// taskConfig is what the agent sends to StartTask for a group in host networking.
func (a *allocation) taskConfig(driverConfig []byte) message {
	memoryBytes := strconv.Itoa(memoryMb << 20)
	return message{
		"id": a.taskID, "name": taskName, "alloc_id": a.id,
		"job_name": jobName, "job_id": jobName, "task_group_name": "group",
		"namespace": "default", "node_name": "node", "node_id": "7e0e1a2c-9a6b-4d0f-8f43-5d2c3b1a0f9e",
		"msgpack_driver_config": base64.StdEncoding.EncodeToString(driverConfig),
		"env":                   a.environment(),
		"alloc_dir":             a.dir, "stdout_path": a.stdout.path, "stderr_path": a.stderr.path,
		"resources": message{
			"allocated_resources": message{"cpu": message{"cpu_shares": cpuMhz}, "memory": message{"memory_mb": memoryMb}},
			"linux_resources":     message{"cpu_shares": cpuMhz, "memory_limit_bytes": memoryBytes, "PercentTicks": 0.05},
		},
	}
}

func (a *allocation) environment() map[string]string {
	return map[string]string{
		"NOMAD_ALLOC_DIR": "/alloc", "NOMAD_TASK_DIR": "/local", "NOMAD_SECRETS_DIR": "/secrets",
		"NOMAD_ALLOC_ID": a.id, "NOMAD_SHORT_ALLOC_ID": a.id[:8], "NOMAD_ALLOC_INDEX": "0", "NOMAD_ALLOC_NAME": jobName + ".group[0]",
		"NOMAD_TASK_NAME": taskName, "NOMAD_GROUP_NAME": "group", "NOMAD_JOB_ID": jobName, "NOMAD_JOB_NAME": jobName,
		"NOMAD_NAMESPACE": "default", "NOMAD_REGION": "global", "NOMAD_DC": "dc1",
		"NOMAD_CPU_LIMIT": strconv.Itoa(cpuMhz), "NOMAD_MEMORY_LIMIT": strconv.Itoa(memoryMb),
	}
}

// fifoReader reads a FIFO until its last writer is gone, which is final, as it is for logmon.
type fifoReader struct {
	path  string
	ended chan struct{}

	mu    sync.Mutex
	bytes bytes.Buffer
	grew  chan struct{}
}

func readFifo(path string) (*fifoReader, error) {
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		return nil, fmt.Errorf("make the log FIFO %s: %w", path, err)
	}
	reader := &fifoReader{path: path, ended: make(chan struct{}), grew: make(chan struct{}, 1)}
	go reader.drain()
	return reader, nil
}

func (r *fifoReader) drain() {
	defer close(r.ended)
	// This open returns when a writer opens; without one the goroutine ends with the program.
	file, err := os.OpenFile(r.path, os.O_RDONLY, 0)
	if err != nil {
		return
	}
	defer file.Close()
	_, _ = io.Copy(r, file)
}

func (r *fifoReader) Write(chunk []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case r.grew <- struct{}{}:
	default:
	}
	return r.bytes.Write(chunk)
}

func (r *fifoReader) content() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return bytes.Clone(r.bytes.Bytes())
}
