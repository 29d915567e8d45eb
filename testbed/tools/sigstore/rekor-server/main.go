// Rekor v1 without its metrics server, which insists on port 2112 of every address: nothing of a testbed may have a fixed
// port, or listen where others can reach it.
package main

import (
	"flag"
	"log"

	"github.com/go-openapi/loads"
	// Declares every setting with its default, and every type of entry.
	_ "github.com/sigstore/rekor/cmd/rekor-server/app"
	"github.com/sigstore/rekor/pkg/api"
	"github.com/sigstore/rekor/pkg/generated/restapi"
	"github.com/sigstore/rekor/pkg/generated/restapi/operations"
	"github.com/sigstore/rekor/pkg/types"
	"github.com/spf13/viper"
)

func main() {
	port := flag.Int("port", 0, "where to listen on 127.0.0.1")
	name := flag.String("hostname", "", "the origin of checkpoints, before the tree's id")
	signer := flag.String("signer", "", "the private key, PEM")
	trillian := flag.Int("trillian-port", 0, "Trillian on 127.0.0.1")
	tree := flag.Int64("tree", 0, "the tree's id in Trillian")
	index := flag.String("index-dsn", "", "the MySQL database of the search index")
	flag.Parse()
	viper.Set("rekor_server.hostname", *name)
	viper.Set("rekor_server.signer", *signer)
	viper.Set("trillian_log_server.port", *trillian)
	viper.Set("search_index.storage_provider", "mysql")
	viper.Set("search_index.mysql.dsn", *index)
	types.SetAllowedKindsForSubmission(types.ListSupportedKinds())

	document, err := loads.Embedded(restapi.SwaggerJSON, restapi.FlatSwaggerJSON)
	if err != nil {
		log.Fatal(err)
	}
	server := restapi.NewServer(operations.NewRekorServerAPI(document))
	server.Host, server.Port = "127.0.0.1", *port
	server.EnabledListeners = []string{"http"}
	api.ConfigureAPI(*tree)
	server.ConfigureAPI()
	log.Fatal(server.Serve())
}
