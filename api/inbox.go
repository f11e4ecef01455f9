package api

import "time"

// Conversation is what one number and one of the workspace's write to each other.
type Conversation struct {
	ID            string     `json:"id" doc:"Identifier." example:"cnv_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Contact       string     `json:"contact" doc:"The number of the other side, E.164; or a short code or name, which nobody can reply to." example:"+12025550100"`
	Name          string     `json:"name,omitempty" doc:"Name of the contact with this number."`
	ContactID     string     `json:"contact_id,omitempty" doc:"The contact with this number, if there is one."`
	Ours          string     `json:"ours,omitempty" doc:"The number that was written to; replies come from it." example:"+12025550199"`
	LastAt        time.Time  `json:"last_at" doc:"When the last message came or went."`
	LastText      string     `json:"last_text" doc:"The beginning of the last message; empty when its text was removed."`
	TextRemovedAt *time.Time `json:"text_removed_at,omitempty" doc:"When the text of the last message was removed; left out while it is there."`
	LastOut       bool       `json:"last_out" doc:"The last message was a reply."`
	Unread        int        `json:"unread" doc:"Messages that came in since somebody read it."`
	Assignee      *Actor     `json:"assignee,omitempty" doc:"Who looks after it."`
	Archived      bool       `json:"archived" doc:"It is put away. A new message brings it back."`
	Suppressed    bool       `json:"suppressed" doc:"The other side must not be written to from this number."`
}

// ConversationList is one page of conversations.
type ConversationList struct {
	Items []Conversation `json:"items" nullable:"false" doc:"The last one first."`
	Next  string         `json:"next,omitempty" doc:"Cursor of the next page."`
}

// ConversationUpdate is the body of PATCH /v1/conversations/{id}.
type ConversationUpdate struct {
	Unread   *bool   `json:"unread,omitempty" doc:"False when somebody has read it, true to look at it later."`
	Archived *bool   `json:"archived,omitempty" doc:"Put it away, or take it back."`
	Assignee *string `json:"assignee,omitempty" maxLength:"40" doc:"Identifier of the member who looks after it; empty for nobody." example:"usr_01k0c2v6sf7m8x0v3w6n9d5qhe"`
}

// ConversationReply is the body of POST /v1/conversations/{id}/reply.
type ConversationReply struct {
	Text   string     `json:"text" minLength:"1" maxLength:"6400" doc:"The reply."`
	SendAt *time.Time `json:"send_at,omitempty" doc:"Not before this moment, with its UTC offset; at most 366 days ahead. It stands in the conversation at once." example:"2026-11-23T12:00:00+03:00"`
}

// ConversationMessage is one message of a thread: one that was sent, or one that came in.
type ConversationMessage struct {
	Message *Message `json:"message,omitempty" doc:"One that was sent."`
	Inbound *Inbound `json:"inbound,omitempty" doc:"One that came in."`
}

// ConversationThread is one page of a conversation's messages.
type ConversationThread struct {
	Items []ConversationMessage `json:"items" nullable:"false" doc:"Newest first."`
	Next  string                `json:"next,omitempty" doc:"Cursor of the next page."`
}

// ConversationNote is what people tell each other about a conversation.
type ConversationNote struct {
	ID        string    `json:"id" doc:"Identifier." example:"not_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Text      string    `json:"text" doc:"The note."`
	By        Actor     `json:"by" doc:"Who wrote it."`
	CreatedAt time.Time `json:"created_at" doc:"When."`
}

// ConversationNotes are the notes of a conversation.
type ConversationNotes struct {
	Items []ConversationNote `json:"items" nullable:"false" doc:"Oldest first."`
}

// ConversationNoteCreate is the body of POST /v1/conversations/{id}/notes.
type ConversationNoteCreate struct {
	Text string `json:"text" minLength:"1" maxLength:"8000" doc:"The note. Nobody outside the workspace sees it."`
}

// InboxCounts are for badges.
type InboxCounts struct {
	Unread  int `json:"unread" doc:"Conversations with unread messages that are not archived."`
	Mine    int `json:"mine" doc:"Those of them that the caller looks after."`
	Reviews int `json:"reviews" doc:"Texts that may be opt-outs and that nobody has decided about."`
}

// CannedReply is a text that people insert into a reply.
type CannedReply struct {
	ID string `json:"id" doc:"Identifier." example:"can_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	CannedReplyPut
	UpdatedAt time.Time `json:"updated_at" doc:"When it was changed last."`
}

// CannedReplyPut is the body of POST /v1/canned-replies and PUT /v1/canned-replies/{id}.
type CannedReplyPut struct {
	Name string `json:"name" minLength:"1" maxLength:"320" doc:"Name, unique in the workspace."`
	Text string `json:"text" minLength:"1" maxLength:"6400" doc:"The text."`
}

// CannedReplyList is every canned reply.
type CannedReplyList struct {
	Items []CannedReply `json:"items" nullable:"false" doc:"By name."`
}

// AutoReply is a rule that answers what comes in.
type AutoReply struct {
	ID string `json:"id" doc:"Identifier." example:"aut_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	AutoReplyPut
	Position  int       `json:"position" doc:"Rules are tried from the lowest."`
	UpdatedAt time.Time `json:"updated_at" doc:"When it was changed last."`
}

// AutoReplyPut is the body of POST /v1/auto-replies and PUT /v1/auto-replies/{id}.
type AutoReplyPut struct {
	Name    string       `json:"name" minLength:"1" maxLength:"320" doc:"Name, unique in the workspace."`
	Kind    string       `json:"kind" enum:"keyword,menu,any" doc:"keyword answers some words, menu answers with choices that are answered in turn for half an hour, any answers what no other rule does."`
	Words   []string     `json:"words" nullable:"false" maxItems:"20" maxLength:"320" doc:"Words to look for. Letter case, accents and punctuation do not matter."`
	Match   string       `json:"match,omitempty" enum:"whole,first,contains" doc:"whole: the text is the word; first: it begins with it; contains: it has it anywhere."`
	Answer  string       `json:"answer" minLength:"1" maxLength:"6400" doc:"The answer."`
	Choices []MenuChoice `json:"choices" nullable:"false" maxItems:"9" doc:"Of a menu."`
	When    string       `json:"when" enum:"always,open,closed" doc:"In business hours, outside them, or always."`
	Active  bool         `json:"active" doc:"It answers."`
}

// MenuChoice is one line of a menu.
type MenuChoice struct {
	Key    string `json:"key" minLength:"1" maxLength:"40" doc:"What people answer to choose it." example:"1"`
	Label  string `json:"label" minLength:"1" maxLength:"320" doc:"What stands beside the key."`
	Answer string `json:"answer" minLength:"1" maxLength:"6400" doc:"The answer to it."`
}

// AutoReplyList is every rule.
type AutoReplyList struct {
	Items []AutoReply `json:"items" nullable:"false" doc:"In the order in which they are tried."`
}

// AutoReplyTest is the body of POST /v1/auto-replies/test.
type AutoReplyTest struct {
	Text string    `json:"text" maxLength:"6400" doc:"A text as it could come in."`
	At   time.Time `json:"at,omitempty" doc:"When; now if left out."`
}

// AutoReplyTested is what would be answered.
type AutoReplyTested struct {
	Kind     string `json:"kind" enum:"none,stop,start,help,choice,rule,review" doc:"stop, start and help are words of consent; review: it may be an opt-out, so that a person decides and nothing is answered."`
	Answer   string `json:"answer,omitempty" doc:"What would be answered; nothing if empty."`
	RuleID   string `json:"rule_id,omitempty" doc:"The rule that answers."`
	RuleName string `json:"rule_name,omitempty" doc:"Its name."`
	Phrase   string `json:"phrase,omitempty" doc:"The words that sound like an opt-out."`
}

// InboxSettings are those of a workspace's inbox.
type InboxSettings struct {
	Zone           string    `json:"zone" maxLength:"64" doc:"Time zone of the business hours, IANA; empty for that of the workspace." example:"Africa/Nairobi"`
	Hours          []Opening `json:"hours" nullable:"false" maxItems:"50" doc:"Business hours. Without any, it is always one."`
	ConsentAnswers bool      `json:"consent_answers" doc:"STOP, START and HELP are answered. Switch it off when the provider does that."`
	Stop           string    `json:"stop" maxLength:"6400" doc:"Answer to STOP; empty for the program's, in the language of the contact or of the word."`
	Start          string    `json:"start" maxLength:"6400" doc:"Answer to START, likewise."`
	Help           string    `json:"help" maxLength:"6400" doc:"Answer to HELP, likewise."`
}

// Opening is a time of the week.
type Opening struct {
	Day  int    `json:"day" minimum:"0" maximum:"6" doc:"0 is Sunday."`
	From string `json:"from" maxLength:"5" doc:"Beginning." example:"08:00"`
	To   string `json:"to" maxLength:"5" doc:"End, on the same day; 24:00 for its end." example:"17:00"`
}

// OptOutReview is a text that may be an opt-out.
type OptOutReview struct {
	ID             string     `json:"id" doc:"Identifier." example:"rev_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	ConversationID string     `json:"conversation_id" doc:"Where it was written."`
	Contact        string     `json:"contact" doc:"Who wrote it."`
	Ours           string     `json:"ours,omitempty" doc:"The number that was written to."`
	Text           string     `json:"text" doc:"The text."`
	Phrase         string     `json:"phrase" doc:"The words that sound like an opt-out."`
	State          string     `json:"state" enum:"open,opted_out,dismissed" doc:"What became of it."`
	By             *Actor     `json:"by,omitempty" doc:"Who decided."`
	CreatedAt      time.Time  `json:"created_at" doc:"When it came."`
	DecidedAt      *time.Time `json:"decided_at,omitempty" doc:"When somebody decided."`
}

// OptOutReviewList is one page of reviews.
type OptOutReviewList struct {
	Items []OptOutReview `json:"items" nullable:"false" doc:"Newest first."`
	Next  string         `json:"next,omitempty" doc:"Cursor of the next page."`
}

// OptOutDecision is the body of POST /v1/opt-out-reviews/{id}/decide.
type OptOutDecision struct {
	OptOut bool `json:"opt_out" doc:"True: it is one, and the number is blocked as after STOP. False: it is not."`
}
