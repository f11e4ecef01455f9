package api

import "time"

// AuditEntry is one line of the audit log.
type AuditEntry struct {
	ID         string        `json:"id" doc:"Identifier." example:"aud_0000000000012"`
	At         time.Time     `json:"at" doc:"When it happened."`
	Actor      Actor         `json:"actor" doc:"Who did it. The gateway itself also stands for somebody who is not known, such as whoever gave a wrong password."`
	Action     string        `json:"action" doc:"A noun, and what became of it." example:"route.updated"`
	Target     string        `json:"target,omitempty" doc:"Identifier of the object." example:"rte_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	TargetName string        `json:"target_name,omitempty" doc:"Name of the object as it is now; absent when it is gone." example:"Kenya"`
	IP         string        `json:"ip,omitempty" doc:"Address that the request came from." example:"192.0.2.10"`
	Detail     string        `json:"detail,omitempty" doc:"What else there is to say: a name, a count, the fields that changed."`
	Changes    []AuditChange `json:"changes" nullable:"false" doc:"What was and what is, where that is kept."`
}

// AuditChange is one thing that changed.
type AuditChange struct {
	Field  string `json:"field" doc:"What changed." example:"name"`
	Before string `json:"before" doc:"What it was; empty for nothing. A value that is too long to keep is \"…\"." example:"Kenya"`
	After  string `json:"after" doc:"What it is." example:"East Africa"`
}

// AuditList is one page of the audit log.
type AuditList struct {
	Items []AuditEntry `json:"items" nullable:"false" doc:"Newest first."`
	Next  string       `json:"next,omitempty" doc:"Cursor of the following page; absent at the end."`
}
