// Package mail writes an application's mails and gets them to their readers.
//
//   - [Message] is one mail to one reader; it is checked before it is sent, and no
//     text in it becomes a header field.
//   - [Layout] makes messages, text and HTML, from a [Draft], so that all mails of
//     an application look alike.
//   - [Mailer] sends a message: [SMTP] to a mail server, over TLS; [Mailbox] keeps it
//     for the developer to read in a browser, and sends nothing.
//   - [Worker] sends what is in an outbox, a [Queue], with retries, beside the
//     requests, so that their answers neither wait for a mail server nor tell by
//     their time whether there was something to send.
//
// A mail may hold a link that lets its reader in. So no error, no line of the log
// and nothing that the queue is told has an address, a subject or a text of a
// message in it.
//
// All types are safe for concurrent use once they are made.
package mail
