package httpd

import (
	"context"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/push"
	"github.com/smsir/smsir/internal/store"
)

// Push is what the door needs of package push.
type Push interface {
	PublicKey() string
	Devices(ctx context.Context, user smsir.UUID) ([]store.PushDevice, error)
	Register(ctx context.Context, user, session smsir.UUID, in push.Device) (*store.PushDevice, error)
	Remove(ctx context.Context, user, id smsir.UUID) error
	Test(ctx context.Context, user, id smsir.UUID) (failure string, err error)
	Preferences(ctx context.Context, workspace, user smsir.UUID) (store.PushPreferences, error)
	SetPreferences(ctx context.Context, workspace, user smsir.UUID, p store.PushPreferences) error
}

// registerPush registers notifications on one's own devices.
func (s *Server) registerPush(b *builder) {
	handle(b, route{
		Method: "GET", Path: "/v1/push", ID: "getPush", Tag: "Notifications", Summary: "One's own devices that show notifications, and of what",
		Text: "Web Push (RFC 8030, 8291 and 8292), for the web app.",
	},
		func(c *call, _ *struct{}) (*api.Push, error) {
			devices, err := s.deps.Push.Devices(c.ctx(), c.p.Actor.ID)
			if err != nil {
				return nil, err
			}
			prefs, err := s.deps.Push.Preferences(c.ctx(), c.p.Workspace.ID, c.p.Actor.ID)
			if err != nil {
				return nil, err
			}
			out := &api.Push{PublicKey: s.deps.Push.PublicKey(), Devices: make([]api.PushDevice, len(devices)), Preferences: api.PushPreferences(prefs)}
			for i := range devices {
				out.Devices[i] = c.deviceOf(&devices[i])
			}
			return out, nil
		})
	handle(b, route{
		Method: "POST", Path: "/v1/push/devices", ID: "createPushDevice", Tag: "Notifications", Status: 201, Audit: "push.enabled",
		Summary: "Turn notifications on in the browser that asks", Text: "Notifications are those of the workspace that the session looks at. Again from the same session, it takes the place of what was there. " +
			"They end with the session.",
	},
		func(c *call, in *struct{ Body api.PushSubscribe }) (*api.PushDevice, error) {
			d, err := s.deps.Push.Register(c.ctx(), c.p.Actor.ID, c.p.SessionID, push.Device{
				Subscription: push.Subscription{Endpoint: in.Body.Endpoint, P256DH: in.Body.P256DH, Auth: in.Body.Auth},
				Language:     in.Body.Language, UserAgent: c.peer().UserAgent,
			})
			if err != nil {
				return nil, err
			}
			out := c.deviceOf(d)
			c.tell(out.ID, out.UserAgent)
			return &out, nil
		})
	handle(b, route{Method: "DELETE", Path: "/v1/push/devices/{id}", ID: "deletePushDevice", Tag: "Notifications", Audit: "push.disabled", Summary: "Turn notifications off on a device of one's own"},
		func(c *call, in *deviceID) (*none, error) {
			id, err := parseUUID(smsir.PrefixDevice, in.ID)
			if err != nil {
				return nil, err
			}
			return &none{}, s.deps.Push.Remove(c.ctx(), c.p.Actor.ID, id)
		})
	handle(b, route{
		Method: "POST", Path: "/v1/push/devices/{id}/test", ID: "testPushDevice", Tag: "Notifications", Audit: "push.tested",
		Summary: "Send a notification to a device of one's own", Text: "At once; the answer says what its push service said.",
	},
		func(c *call, in *deviceID) (*api.PushTested, error) {
			id, err := parseUUID(smsir.PrefixDevice, in.ID)
			if err != nil {
				return nil, err
			}
			failure, err := s.deps.Push.Test(c.ctx(), c.p.Actor.ID, id)
			return &api.PushTested{Taken: failure == "", Failure: failure}, err
		})
	handle(b, route{Method: "PUT", Path: "/v1/push/preferences", ID: "setPushPreferences", Tag: "Notifications", Audit: "push.preferences_changed", Summary: "Choose what one is told of in this workspace"},
		func(c *call, in *struct{ Body api.PushPreferences }) (*api.PushPreferences, error) {
			return &in.Body, s.deps.Push.SetPreferences(c.ctx(), c.p.Workspace.ID, c.p.Actor.ID, store.PushPreferences(in.Body))
		})
}

type deviceID struct {
	ID string `path:"id" doc:"Identifier of the device." example:"dev_01k0c2v6sf7m8x0v3w6n9d5qhe"`
}

func (c *call) deviceOf(d *store.PushDevice) api.PushDevice {
	return api.PushDevice{
		ID: d.ID.Format(smsir.PrefixDevice), Current: d.Session == c.p.SessionID, Language: d.Language, UserAgent: d.UserAgent,
		CreatedAt: d.CreatedAt.UTC(), OKAt: api.Time(d.OKAt), FailedAt: api.Time(d.FailedAt), Failure: d.Failure,
	}
}
