package api

import "time"

// Route is a routing rule: it says for some messages which providers take them. The first rule that is
// enabled, matches a message and has an enabled provider decides.
type Route struct {
	ID       string `json:"id" doc:"Identifier." example:"rte_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Name     string `json:"name" doc:"Its name." example:"One-time codes to East Africa"`
	Enabled  bool   `json:"enabled" doc:"It is asked; a rule that is not enabled is passed over."`
	Position int    `json:"position" doc:"Its place: rules are asked in this order, from 0."`
	RouteRule
	Version   int       `json:"version" doc:"Rises with every change. As an ETag, in quotes, it is what If-Match takes." example:"3"`
	CreatedAt time.Time `json:"created_at" doc:"When it was created."`
	UpdatedAt time.Time `json:"updated_at" doc:"When it was changed last."`
}

// RouteRule is what a routing rule says.
type RouteRule struct {
	When     RouteWhen     `json:"when,omitempty" doc:"The messages that it is for."`
	Then     RouteThen     `json:"then" doc:"Who takes them."`
	Failover RouteFailover `json:"failover,omitempty" doc:"What moves a message to the next provider. An attempt whose outcome is unknown is never moved."`
}

// RouteWhen selects messages. A message must meet every condition that is given; of each condition one
// value suffices. Prefixes and countries are one condition.
type RouteWhen struct {
	Prefixes  []string `json:"prefixes,omitempty" nullable:"false" maxItems:"200" minLength:"1" maxLength:"20" doc:"The recipient's number begins with one of these: plus sign, country code, further digits." example:"+25571"`
	Countries []string `json:"countries,omitempty" nullable:"false" maxItems:"250" minLength:"2" maxLength:"2" doc:"Or the recipient is in one of these countries: ISO 3166-1 alpha-2." example:"KE"`
	Senders   []string `json:"senders,omitempty" nullable:"false" maxItems:"100" minLength:"1" maxLength:"32" doc:"The sender ID is one of these; letter case does not count." example:"ACME"`
	Classes   []string `json:"classes,omitempty" nullable:"false" maxItems:"3" enum:"otp,transactional,bulk" doc:"The class of traffic is one of these."`
	Tags      []string `json:"tags,omitempty" nullable:"false" maxItems:"50" minLength:"1" maxLength:"64" doc:"The message has one of these tags, letter by letter." example:"invoices"`
	Days      []string `json:"days,omitempty" nullable:"false" maxItems:"7" enum:"mon,tue,wed,thu,fri,sat,sun" doc:"It is one of these days in the workspace's time zone. A time of day that passes midnight belongs to the day on which it begins."`
	From      string   `json:"from,omitempty" maxLength:"5" doc:"Begin of a time of day in the workspace's time zone, included." example:"22:00"`
	To        string   `json:"to,omitempty" maxLength:"5" doc:"End of the time of day, not included; 24:00 is the end of the day. Before from: it passes midnight." example:"06:00"`
}

// RouteThen says what happens to the messages of a rule.
type RouteThen struct {
	Refuse    bool         `json:"refuse,omitempty" doc:"They are not sent: they fail with reason no_route, also when the sender asked for a provider."`
	Reason    string       `json:"reason,omitempty" maxLength:"200" doc:"With refuse: why, for the people who sent them." example:"Premium numbers are not served."`
	Groups    []RouteGroup `json:"groups,omitempty" nullable:"false" maxItems:"10" doc:"Groups of providers, tried one after the other."`
	Otherwise string       `json:"otherwise,omitempty" enum:"wait,next" doc:"While none of its providers is enabled: wait (default), or ask the next rule."`
}

// RouteGroup is a number of providers that share the first tries among them.
type RouteGroup struct {
	Targets []RouteTarget `json:"targets" nullable:"false" minItems:"1" maxItems:"20" doc:"The providers. Messages are split among them by weight; when one fails, the others of the group come next."`
}

// RouteTarget is a provider of a group.
type RouteTarget struct {
	Provider string `json:"provider" minLength:"1" maxLength:"64" doc:"Identifier of the provider." example:"prv_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Weight   *int   `json:"weight,omitempty" minimum:"0" maximum:"1000" doc:"Its share of the group is its weight by the sum of all weights. 0: a reserve of the group. 1 when left out." example:"70"`
}

// RouteFailover says what moves a message to the next provider of its rule.
type RouteFailover struct {
	OnError                 *bool `json:"on_error,omitempty" doc:"The provider refused it, or provably never got it. True when left out."`
	OnDown                  *bool `json:"on_down,omitempty" doc:"The provider is down or refuses its settings: others are tried first. True when left out."`
	OnMissingReceiptSeconds int   `json:"on_missing_receipt_seconds,omitempty" minimum:"0" maximum:"86400" doc:"Send it again by the next provider when the first accepted it but reported nothing within this time, 30 seconds at least. Only messages whose on_unknown is retry_once: the recipient may get them twice (possible_duplicate). 0 or left out: never. Needs on_error."`
}

// RouteList is every routing rule of a workspace.
type RouteList struct {
	Items    []Route `json:"items" nullable:"false" doc:"In the order in which they are asked."`
	TimeZone string  `json:"time_zone" doc:"Of days and times of day: the workspace's." example:"Africa/Nairobi"`
	Limit    int     `json:"limit" doc:"How many rules a workspace may have." example:"200"`
}

// RouteCreate is the body of POST /v1/routes.
type RouteCreate struct {
	Name    string `json:"name" minLength:"1" maxLength:"60" doc:"Its name." example:"One-time codes to East Africa"`
	Enabled *bool  `json:"enabled,omitempty" doc:"It is asked; true when left out."`
	RouteRule
}

// RouteUpdate is the body of PATCH /v1/routes/{id}. What is left out stays; when, then and failover are
// replaced as a whole.
type RouteUpdate struct {
	Name     *string        `json:"name,omitempty" minLength:"1" maxLength:"60" doc:"New name."`
	Enabled  *bool          `json:"enabled,omitempty" doc:"It is asked."`
	When     *RouteWhen     `json:"when,omitempty" doc:"The messages that it is for."`
	Then     *RouteThen     `json:"then,omitempty" doc:"Who takes them."`
	Failover *RouteFailover `json:"failover,omitempty" doc:"What moves a message to the next provider."`
}

// RouteOrder is the body of PUT /v1/routes/order.
type RouteOrder struct {
	IDs []string `json:"ids" nullable:"false" minItems:"1" maxItems:"200" maxLength:"64" doc:"All rules of the workspace, in the order in which they are to be asked."`
}

// RouteQuestion is the body of POST /v1/routes/explain: a message that is not sent, or one that there is.
type RouteQuestion struct {
	Message  string     `json:"message,omitempty" maxLength:"64" doc:"A message that was accepted: asked about as it is, with the providers that it had and the lot that splits it. Only at goes with it. Needs the permission messages:read too." example:"msg_0g5t3v2k9qw1a"`
	To       string     `json:"to,omitempty" minLength:"1" maxLength:"64" doc:"The recipient, as it would be typed in a send; needed unless message is given." example:"+447700900123"`
	From     string     `json:"from,omitempty" maxLength:"64" doc:"Sender ID."`
	Class    string     `json:"class,omitempty" enum:"otp,transactional,bulk" doc:"Class of traffic; transactional when left out."`
	Tags     []string   `json:"tags,omitempty" nullable:"false" maxItems:"20" minLength:"1" maxLength:"64" doc:"Tags."`
	Provider string     `json:"provider,omitempty" maxLength:"64" doc:"A provider that the sender asks for."`
	At       *time.Time `json:"at,omitempty" doc:"When; now when left out."`
}

// RouteExplanation says who would take a message, and why.
type RouteExplanation struct {
	To        string           `json:"to" doc:"The recipient as it was read, E.164." example:"+447700900123"`
	Country   string           `json:"country,omitempty" doc:"Of the recipient, ISO 3166-1 alpha-2." example:"GB"`
	At        time.Time        `json:"at" doc:"The moment that was asked about."`
	LocalTime string           `json:"local_time" doc:"The same moment in the workspace's time zone: day and time of day, as rules see them." example:"Mon 22:30"`
	Outcome   string           `json:"outcome" enum:"sent,refused,waits" doc:"sent: by the first of providers; refused: by a rule; waits: no provider may take it now."`
	Reason    string           `json:"reason" enum:"rule,refused,rule_waits,asked_for,not_enabled,test_number,priority,test_mode,no_provider" doc:"What decided."`
	Rule      *RouteRef        `json:"rule,omitempty" doc:"The rule that decided, if one did."`
	Rules     []RouteAsked     `json:"rules" nullable:"false" doc:"The rules that were asked, in order."`
	Providers []RouteCandidate `json:"providers" nullable:"false" doc:"Every enabled provider: those that may take it in the order in which they are tried, then the others."`
	Failover  *RouteFailover   `json:"failover,omitempty" doc:"What would move it to the next provider."`
	Text      string           `json:"text" doc:"The whole answer in sentences."`
}

// RouteRef names a routing rule.
type RouteRef struct {
	ID   string `json:"id" doc:"Identifier." example:"rte_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Name string `json:"name" doc:"Name."`
}

// RouteAsked is a rule that was asked.
type RouteAsked struct {
	RouteRef
	Result string `json:"result" enum:"matches,disabled,recipient,sender,class,tag,day,time,none_enabled,asked_for" doc:"matches: it decided. Otherwise why it did not: disabled, the condition that was not met, none_enabled (it matches, but none of its providers is enabled), asked_for (it matches, but the sender asked for a provider)."`
	Text   string `json:"text" doc:"The same in words."`
}

// RouteCandidate is an enabled provider, as the routes see it.
type RouteCandidate struct {
	ProviderRef
	Place        int        `json:"place" doc:"1 for the provider that is tried first; 0 if it cannot have this message."`
	Group        int        `json:"group,omitempty" doc:"Its group in the rule, from 1."`
	SharePercent int        `json:"share_percent,omitempty" doc:"Its share of the first tries of its group while all are well." example:"70"`
	Health       string     `json:"health" enum:"up,throttled,recovering,probing,down,misconfigured" doc:"How it is now."`
	HealthUntil  *time.Time `json:"health_until,omitempty" doc:"When it is looked at again, or its pause ends."`
	Why          string     `json:"why" enum:"eligible,tried,away,stays,no_failover,not_in_rule,not_asked_for,test_number,test_only,nobody" doc:"eligible: it may take it. away: behind others, because of its health; stays: its health is bad, but the rule moves no message for that; tried: behind others, because it had the message already. The others cannot have it: no_failover (the rule does not move on), not_in_rule, not_asked_for, test_number (the number belongs to a test provider), test_only (a test provider while a real one is enabled), nobody."`
	Text         string     `json:"text" doc:"The same in words."`
}
