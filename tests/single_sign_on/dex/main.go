// Dex, the OpenID provider, with people in its own password store. It is the server that Dex's command runs, without that
// command, whose gRPC API cannot be had as a Go module. Tests change the people over a second port.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/dexidp/dex/server"
	"github.com/dexidp/dex/server/session"
	"github.com/dexidp/dex/server/signer"
	"github.com/dexidp/dex/server/tokens"
	"github.com/dexidp/dex/storage"
	"github.com/dexidp/dex/storage/memory"
	"github.com/dexidp/dex/web"
)

// person is what a test says of somebody.
type person struct {
	Email    string   `json:"email"`
	Password string   `json:"password"`
	Name     string   `json:"name"`
	Groups   []string `json:"groups"`
	// Redirect is where browsers go back to, of the client and not of a person.
	Redirect string `json:"redirect"`
}

// apart keeps people and their offline sessions in a store of their own. Dex reads them while it holds the lock of the token
// that it renews, and all of one store in memory has one lock.
type apart struct {
	storage.Storage
	people storage.Storage
}

func (a apart) GetPassword(ctx context.Context, email string) (storage.Password, error) {
	return a.people.GetPassword(ctx, email)
}

func (a apart) CreateOfflineSessions(ctx context.Context, s storage.OfflineSessions) error {
	return a.people.CreateOfflineSessions(ctx, s)
}

func (a apart) GetOfflineSessions(ctx context.Context, userID, connID string) (storage.OfflineSessions, error) {
	return a.people.GetOfflineSessions(ctx, userID, connID)
}

func (a apart) UpdateOfflineSessions(
	ctx context.Context, userID, connID string, updater func(s storage.OfflineSessions) (storage.OfflineSessions, error),
) error {
	return a.people.UpdateOfflineSessions(ctx, userID, connID, updater)
}

func (a apart) DeleteOfflineSessions(ctx context.Context, userID, connID string) error {
	return a.people.DeleteOfflineSessions(ctx, userID, connID)
}

func main() {
	ctx := context.Background()
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	people := memory.New(logger)
	dexs := apart{memory.New(logger), people}
	check(dexs.CreateClient(ctx, storage.Client{ID: "smith", Secret: os.Args[1], Name: "Smith"}))
	check(dexs.CreateConnector(ctx, storage.Connector{ID: "local", Type: "local", Name: "Password"}))

	public, control := listen(), listen()
	issuer := "http://" + public.Addr().String() + "/dex"
	keys, err := (&signer.LocalConfig{KeysRotationPeriod: "6h"}).Open(ctx, dexs, time.Hour, time.Now, logger)
	check(err)
	refresh, err := tokens.NewRefreshTokenPolicy(logger, false, "", "", "0s")
	check(err)
	config := server.Config{
		Issuer: issuer, Storage: dexs, SkipApprovalScreen: true, RefreshTokenPolicy: refresh,
		Web: server.WebConfig{WebFS: web.FS(), Issuer: "Dex"}, Logger: logger, Signer: keys,
	}
	if len(os.Args) > 2 && os.Args[2] == "sessions" {
		// What Dex's command makes of `sessions: {}` in its configuration.
		config.SessionConfig = &session.Config{
			CookieName: "dex_session", AbsoluteLifetime: 24 * time.Hour, ValidIfNotUsedFor: time.Hour,
		}
	}
	dex, err := server.NewServer(ctx, config)
	check(err)
	go func() { check(http.Serve(control, changing(dexs, people))) }()
	fmt.Printf("%s http://%s\n", issuer, control.Addr())
	check(http.Serve(public, dex))
}

func idOf(one person) string {
	return "id of " + one.Email
}

// changing puts people in, changes their groups, takes them out, makes them have signed in an hour earlier, and says where
// browsers go back to.
func changing(dexs, people storage.Storage) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var told person
		check(json.NewDecoder(r.Body).Decode(&told))
		if r.Method == http.MethodPut {
			check(dexs.UpdateClient(r.Context(), "smith", func(client storage.Client) (storage.Client, error) {
				client.RedirectURIs = []string{told.Redirect}
				return client, nil
			}))
			return
		}
		if r.Method == http.MethodPatch {
			check(dexs.UpdateUserIdentity(r.Context(), idOf(told), "local",
				func(one storage.UserIdentity) (storage.UserIdentity, error) {
					one.LastLogin = one.LastLogin.Add(-time.Hour)
					return one, nil
				}))
			return
		}
		if r.Method == http.MethodDelete {
			check(people.DeletePassword(r.Context(), told.Email))
			return
		}
		hash, err := bcrypt.GenerateFromPassword([]byte(told.Password), bcrypt.DefaultCost)
		check(err)
		one := storage.Password{
			Email: told.Email, Hash: hash, Username: told.Name, UserID: idOf(told), Groups: told.Groups,
		}
		if people.CreatePassword(r.Context(), one) == storage.ErrAlreadyExists {
			check(people.UpdatePassword(r.Context(), told.Email, func(storage.Password) (storage.Password, error) {
				return one, nil
			}))
		}
	})
}

func listen() net.Listener {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	return listener
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
