// Package fsatest calls an application in memory, as tests do.
//
//	c := fsatest.New(t, app)
//	c.Get("/hello-me").Basic("calvin", "p4ss").Expect(200)
//	c.Post("/stuff").As("calvin").Form("stuff", "pen", "price", "1.5").Expect(201)
//
// Requests pass the whole pipeline. They come from 127.0.0.1, so that FSA_SECURE
// lets them pass without TLS. Log-ins by password that fail are counted as any
// (FSA_LOGIN_THROTTLE); an application whose tests fail those of one user five
// times has InsecureNoLoginThrottle set there.
//
// An answer that comes piece by piece is read as it comes by [Request.Stream]; its
// client can go away in the middle of it.
//
// A [Matrix] says for each route and each kind of caller which status the
// answer has, and fails when a route has been forgotten.
package fsatest
