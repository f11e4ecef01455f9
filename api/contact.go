package api

import "time"

// Contact is a person whom a workspace writes to.
type Contact struct {
	ID         string            `json:"id" doc:"Identifier." example:"con_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Phone      string            `json:"phone" doc:"The number, E.164; one contact for each." example:"+12025550100"`
	Country    string            `json:"country,omitempty" doc:"Country of the number, ISO 3166-1 alpha-2." example:"US"`
	Name       string            `json:"name" doc:"May be empty."`
	Language   string            `json:"language,omitempty" doc:"BCP 47." example:"sw"`
	Notes      string            `json:"notes,omitempty" doc:"For the people of the workspace."`
	Fields     map[string]string `json:"fields" doc:"Values of the workspace's own fields, by key."`
	Groups     []string          `json:"groups" nullable:"false" doc:"The groups it was put into."`
	Suppressed bool              `json:"suppressed" doc:"Some or every sender must not write to it."`
	CreatedAt  time.Time         `json:"created_at" doc:"When it was created."`
	UpdatedAt  time.Time         `json:"updated_at" doc:"When it was changed last."`
}

// ContactList is one page of contacts.
type ContactList struct {
	Items []Contact `json:"items" nullable:"false" doc:"By name."`
	Total *int      `json:"total,omitempty" doc:"How many match in all; on the first page."`
	Next  string    `json:"next,omitempty" doc:"Cursor of the next page."`
}

// ContactLookup is the body of POST /v1/contacts/lookup.
type ContactLookup struct {
	Phones []string `json:"phones" nullable:"false" minItems:"1" maxItems:"200" maxLength:"20" doc:"Numbers, E.164." example:"[\"+12025550100\"]"`
}

// ContactsFound is the answer to a lookup.
type ContactsFound struct {
	Items []ContactFound `json:"items" nullable:"false" doc:"Those that have a contact, in the order of the numbers."`
}

// ContactFound is who is behind a number.
type ContactFound struct {
	Phone string `json:"phone" example:"+12025550100" doc:"The number, E.164."`
	ID    string `json:"id" example:"con_01k0c2v6sf7m8x0v3w6n9d5qhe" doc:"The contact."`
	Name  string `json:"name" doc:"May be empty."`
}

// ContactCreate is the body of POST /v1/contacts.
type ContactCreate struct {
	Phone string `json:"phone" minLength:"1" maxLength:"64" doc:"As people type it; without a country code it is of the workspace's country." example:"+12025550100"`
	ContactUpdate
}

// ContactUpdate is what can be said about a contact. What is left out stays.
type ContactUpdate struct {
	Name     *string           `json:"name,omitempty" maxLength:"120" doc:"Name."`
	Language *string           `json:"language,omitempty" maxLength:"12" doc:"BCP 47; empty when nobody knows." example:"sw"`
	Notes    *string           `json:"notes,omitempty" maxLength:"2000" doc:"Notes."`
	Fields   map[string]string `json:"fields,omitempty" maxProperties:"30" doc:"Values by key; an empty one takes the value away."`
	Groups   *[]string         `json:"groups,omitempty" nullable:"false" maxItems:"100" maxLength:"40" doc:"All groups that it shall be in, of those that people are put into."`
}

// ContactChange is the body of PATCH /v1/contacts/{id}.
type ContactChange struct {
	Phone *string `json:"phone,omitempty" minLength:"1" maxLength:"64" doc:"Another number."`
	ContactUpdate
}

// ContactMerge is the body of POST /v1/contacts/{id}/merge.
type ContactMerge struct {
	Others []string `json:"others" nullable:"false" minItems:"1" maxItems:"20" maxLength:"40" doc:"The contacts that go up in this one. It gets what it lacks from them, joins their groups and notes their numbers."`
}

// ContactDelete is the body of POST /v1/contacts/delete.
type ContactDelete struct {
	IDs []string `json:"ids" nullable:"false" minItems:"1" maxItems:"1000" maxLength:"40" doc:"The contacts to forget. Their messages and opt-outs stay."`
}

// Deleted tells how many there were.
type Deleted struct {
	Deleted int `json:"deleted" doc:"How many were deleted."`
}

// ContactSets are likely duplicates.
type ContactSets struct {
	Sets [][]Contact `json:"sets" nullable:"false" doc:"Contacts with the same name, a set each."`
}

// ContactField is a field that a workspace keeps about its contacts.
type ContactField struct {
	Key   string `json:"key" minLength:"1" maxLength:"40" doc:"Its name in templates and imports: lower-case letters, digits, underscores. It never changes." example:"class"`
	Label string `json:"label" minLength:"1" maxLength:"60" doc:"Its name for people." example:"Class"`
	Type  string `json:"type" enum:"text,number,date" doc:"What it holds. It never changes."`
}

// ContactFields is every field of a workspace.
type ContactFields struct {
	Fields []ContactField `json:"fields" nullable:"false" maxItems:"30" doc:"In their order. A field that is taken out takes its values along."`
}

// ContactFilter selects contacts.
type ContactFilter struct {
	Match      string             `json:"match,omitempty" enum:"all,any" doc:"Whether all conditions must hold, or any; all when left out."`
	Conditions []ContactCondition `json:"conditions" nullable:"false" minItems:"1" maxItems:"20" doc:"The conditions."`
}

// ContactCondition is one line of a filter.
type ContactCondition struct {
	On    string `json:"on" minLength:"1" maxLength:"50" doc:"name, phone, country, language, group, suppressed, created, or field. and the key of a field." example:"field.class"`
	Is    string `json:"is" enum:"equal,not_equal,contains,set,not_set,above,below" doc:"The comparison."`
	Value string `json:"value,omitempty" maxLength:"200" doc:"What to compare with." example:"4B"`
}

// Group is a set of contacts.
type Group struct {
	ID        string         `json:"id" doc:"Identifier." example:"grp_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Name      string         `json:"name" doc:"Unique in the workspace." example:"Parents of 4B"`
	Filter    *ContactFilter `json:"filter,omitempty" doc:"Whoever matches is in it, at every moment; without it people are put into it."`
	Size      int            `json:"size" doc:"How many are in it now."`
	CreatedAt time.Time      `json:"created_at" doc:"When it was created."`
	UpdatedAt time.Time      `json:"updated_at" doc:"When it was changed last."`
}

// GroupList is every group of a workspace.
type GroupList struct {
	Items []Group `json:"items" nullable:"false" doc:"By name."`
}

// GroupCreate is the body of POST /v1/groups.
type GroupCreate struct {
	Name   string         `json:"name" minLength:"1" maxLength:"120" doc:"Unique in the workspace."`
	Filter *ContactFilter `json:"filter,omitempty" doc:"For a group of whoever matches."`
}

// GroupUpdate is the body of PATCH /v1/groups/{id}.
type GroupUpdate struct {
	Name   *string        `json:"name,omitempty" minLength:"1" maxLength:"120" doc:"Another name."`
	Filter *ContactFilter `json:"filter,omitempty" doc:"Another filter, for a group that has one."`
}

// GroupMembers is the body of POST /v1/groups/{id}/members.
type GroupMembers struct {
	Add    []string `json:"add,omitempty" nullable:"false" maxItems:"1000" maxLength:"40" doc:"Contacts to put into it."`
	Remove []string `json:"remove,omitempty" nullable:"false" maxItems:"1000" maxLength:"40" doc:"Contacts to take out."`
}

// Suppression forbids messages to a recipient.
type Suppression struct {
	Recipient string    `json:"recipient" doc:"E.164." example:"+12025550100"`
	Sender    string    `json:"sender,omitempty" doc:"The sender it concerns; every sender when left out."`
	Reason    string    `json:"reason" enum:"opt_out,manual,import,provider" doc:"Where it comes from."`
	CreatedAt time.Time `json:"created_at" doc:"Since when."`
}

// SuppressionList is one page of suppressions.
type SuppressionList struct {
	Items []Suppression `json:"items" nullable:"false" doc:"By number."`
	Next  string        `json:"next,omitempty" doc:"Cursor of the next page."`
}

// SuppressionCreate is the body of POST /v1/suppressions.
type SuppressionCreate struct {
	Recipients []string `json:"recipients" nullable:"false" minItems:"1" maxItems:"1000" maxLength:"64" doc:"Numbers as people type them."`
	Sender     string   `json:"sender,omitempty" maxLength:"32" doc:"Only messages from this sender; every sender when left out."`
	Note       string   `json:"note,omitempty" maxLength:"500" doc:"Who asked for it, and how."`
}

// Suppressed tells how many numbers were not forbidden before.
type Suppressed struct {
	Added int `json:"added" doc:"How many were new."`
}

// SuppressionLift is the body of POST /v1/suppressions/lift.
type SuppressionLift struct {
	Recipient string `json:"recipient" minLength:"1" maxLength:"64" doc:"E.164, as it is listed." example:"+12025550100"`
	Sender    string `json:"sender,omitempty" maxLength:"32" doc:"As it is listed."`
	Note      string `json:"note" minLength:"1" maxLength:"500" doc:"How the person asked for messages again: the proof of consent."`
}

// Consent is one line of the ledger of consent.
type Consent struct {
	ID        string    `json:"id" doc:"Identifier."`
	At        time.Time `json:"at" doc:"When it was said."`
	Recipient string    `json:"recipient" doc:"E.164." example:"+12025550100"`
	Sender    string    `json:"sender,omitempty" doc:"The sender it concerns; every sender when left out."`
	Allowed   bool      `json:"allowed" doc:"Whether messages are allowed from then on."`
	Source    string    `json:"source" enum:"handset,person,import,provider" doc:"Who said so."`
	By        *Actor    `json:"by,omitempty" doc:"The person or API key, of source person and import."`
	Inbound   string    `json:"inbound,omitempty" doc:"The message that said so, of source handset."`
	Text      string    `json:"text,omitempty" doc:"Its words, or the note."`
}

// ConsentList is one page of the ledger.
type ConsentList struct {
	Items []Consent `json:"items" nullable:"false" doc:"Newest first."`
	Next  string    `json:"next,omitempty" doc:"Cursor of the next page."`
}
