//go:build tools

package setup

import (
	_ "github.com/nats-io/nats-top"
	_ "github.com/nats-io/natscli/nats"
	_ "github.com/nats-io/prometheus-nats-exporter"
)
