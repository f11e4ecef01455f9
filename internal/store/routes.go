package store

import (
	"context"
	"time"

	"github.com/smsir/smsir"
)

// RouteRule is a routing rule of a workspace. What it says is a document of package routing; the store
// only keeps it.
type RouteRule struct {
	ID        smsir.UUID
	Workspace smsir.UUID
	Position  int // rules are asked in this order, from 0
	Name      string
	Enabled   bool
	Rule      string // JSON object
	Version   int64  // 1 for a new one; rises with every change but that of the order
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Routes stores routing rules. Errors: CodeNotFound, CodeStale (the rule has another version),
// CodeConflict.
type Routes interface {
	// ListRoutes returns the rules of a workspace, or of all for the zero UUID, in the order of
	// workspaces and positions.
	ListRoutes(ctx context.Context, workspace smsir.UUID) ([]RouteRule, error)
	Route(ctx context.Context, workspace, id smsir.UUID) (*RouteRule, error)
	// CreateRoute stores a rule behind the others, whatever its position and version say, and returns
	// it. CodeConflict: the workspace has limit rules already.
	CreateRoute(ctx context.Context, r RouteRule, limit int, audit AuditEntry) (*RouteRule, error)
	// UpdateRoute changes a rule that still has the version r.Version; it gets the next one. Position
	// and time of creation stay.
	UpdateRoute(ctx context.Context, r RouteRule, audit AuditEntry) (*RouteRule, error)
	// DeleteRoute removes a rule that still has the version.
	DeleteRoute(ctx context.Context, workspace, id smsir.UUID, version int64, audit AuditEntry) error
	// OrderRoutes puts the rules of a workspace into the order of ids. CodeConflict, unless ids are
	// exactly the rules that it has.
	OrderRoutes(ctx context.Context, workspace smsir.UUID, ids []smsir.UUID, audit AuditEntry) error
}
