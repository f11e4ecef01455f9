package api

import "time"

// Push is what a person's notifications are made of: the key of the server, the devices, and what they are told of.
type Push struct {
	PublicKey   string          `json:"public_key" doc:"Of the server, for PushManager.subscribe (applicationServerKey): an uncompressed point of P-256 in base64url."`
	Devices     []PushDevice    `json:"devices" nullable:"false" doc:"One's own browsers that show notifications, oldest first."`
	Preferences PushPreferences `json:"preferences" doc:"What one is told of in this workspace."`
}

// PushDevice is a browser that shows notifications. It ends with its session.
type PushDevice struct {
	ID        string     `json:"id" doc:"Identifier." example:"dev_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Current   bool       `json:"current" doc:"It is the one that asks."`
	Language  string     `json:"language" doc:"Of its notifications." example:"en"`
	UserAgent string     `json:"user_agent" doc:"What the browser says it is."`
	CreatedAt time.Time  `json:"created_at" doc:"When notifications were turned on."`
	OKAt      *time.Time `json:"last_success_at,omitempty" doc:"When its push service last took a notification."`
	FailedAt  *time.Time `json:"failing_at,omitempty" doc:"When it last refused one, if that was after the last success."`
	Failure   string     `json:"failure,omitempty" doc:"Why."`
}

// PushPreferences are what a person is told of in a workspace.
type PushPreferences struct {
	Replies   string `json:"replies" enum:"all,mine,none" doc:"Replies of all conversations, of those assigned to oneself, or none."`
	Campaigns bool   `json:"campaigns" doc:"Campaigns that one launched are finished."`
	Failures  bool   `json:"failures" doc:"Messages that one sent failed, were not delivered, or have an unknown outcome. Of messages of campaigns nobody is told one by one."`
	ShowText  bool   `json:"show_text" doc:"Show the text of replies in the notification, where whoever sees the device can read it."`
}

// PushSubscribe is the body of POST /v1/push/devices: what PushSubscription.toJSON gives.
type PushSubscribe struct {
	Endpoint string `json:"endpoint" minLength:"1" maxLength:"2048" doc:"Where pushes go: https, on the public internet."`
	P256DH   string `json:"p256dh" minLength:"1" maxLength:"100" doc:"Public key of the browser: 65 bytes in base64url."`
	Auth     string `json:"auth" minLength:"1" maxLength:"50" doc:"Secret of the subscription: 16 bytes in base64url."`
	Language string `json:"language,omitempty" enum:"en,sw,fr,ar" doc:"Of the notifications. Left out, it stays what the session's device had, or is English."`
}

// PushTested is what POST /v1/push/devices/{id}/test answers.
type PushTested struct {
	Taken   bool   `json:"taken" doc:"The push service took the notification."`
	Failure string `json:"failure,omitempty" doc:"Why not."`
}
