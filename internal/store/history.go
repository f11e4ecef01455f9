package store

import (
	"context"
	"time"

	"github.com/smsir/smsir"
)

// View is a search in the list of messages that a person has kept under a name.
type View struct {
	ID        smsir.UUID
	Workspace smsir.UUID
	Owner     smsir.UUID // the person who made it
	Team      bool       // everybody of the workspace sees it; otherwise its owner alone
	Name      string     // unique, in any letter case, among those of its owner, or of the team
	Query     string     // of GET /v1/messages, without cursor and limit
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Paid is what a provider charged for one message to a country.
type Paid struct {
	Country  string
	Provider smsir.UUID
	Segments int
	Price    smsir.Money
}

// PaidLimit bounds the messages that [History.Paid] looks at.
const PaidLimit = 2000

// History stores what people keep of their searches, and reads what messages have cost. Errors: CodeNotFound,
// CodeConflict (Field "name": another view of the same owner, or of the team, has this name).
type History interface {
	// Views lists the views that a person sees, by name: the team's and their own.
	Views(ctx context.Context, workspace, person smsir.UUID) ([]View, error)
	// View returns one that the person sees.
	View(ctx context.Context, workspace, person, id smsir.UUID) (*View, error)
	// CreateView stores a view. CodeConflict (no Field): there are limit already that its owner made.
	CreateView(ctx context.Context, v View, limit int) error
	// UpdateView changes name, query and whether it is the team's.
	UpdateView(ctx context.Context, v View) error
	DeleteView(ctx context.Context, workspace, id smsir.UUID) error
	// Paid lists what the latest messages of a workspace have cost, newest first: of those among its last [PaidLimit]
	// messages whose provider told a price.
	Paid(ctx context.Context, workspace smsir.UUID) ([]Paid, error)
}
