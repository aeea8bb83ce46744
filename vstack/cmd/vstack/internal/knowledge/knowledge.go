// Package knowledge is what check knows of packages that it does not judge by
// their code: data, in one place, with the reasons.
package knowledge

import "strings"

// Later has functions that keep what they are given and do not call it before
// they return, or call it on another goroutine, which has a stack of its own.
var Later = map[string]bool{
	"context.AfterFunc": true, "time.AfterFunc": true, "iter.Pull": true, "iter.Pull2": true,
	"net/http.HandleFunc": true, "net/http.Handle": true,
	"(*net/http.ServeMux).HandleFunc": true, "(*net/http.ServeMux).Handle": true,
	"runtime.SetFinalizer": true, "runtime.AddCleanup": true,
	"sync.OnceFunc": true, "sync.OnceValue": true, "sync.OnceValues": true,
	"(*golang.org/x/sync/errgroup.Group).Go": true, "(*golang.org/x/sync/errgroup.Group).TryGo": true,
	"(*sync.WaitGroup).Go": true, "(*testing.T).Cleanup": true, "(*testing.T).Run": true,
	"expvar.Publish": true, "flag.Func": true, "flag.Var": true,
}

// Opaque reports whether calls from elsewhere into the package are taken to call
// what they are given and nothing else, even where the source is there. Everything
// calls these packages, and they call methods of whatever they are given: to follow
// them joins a whole program into one cycle (in cuelang.org/go 1,648 functions, by
// way of fmt and String), and what one call is given says more: pongo2's filters seemed
// to call each other, as all of them replace by a regexp. What they do themselves to
// recursive values is in [Walker], and what of it has a limit in [Limited].
func Opaque(path string) bool {
	switch path {
	case "fmt", "log", "log/slog", "log/internal", "errors", "io", "sort", "slices", "maps", "strings", "bytes",
		"sync", "sync/atomic", "reflect", "runtime", "testing", "encoding/json", "iter", "context",
		"internal/fmtsort", "internal/reflectlite", "internal/poll", "os", "time", "flag", "bufio",
		"encoding/json/v2", "encoding/json/jsontext", "math/rand", "math/rand/v2", "strconv", "unicode/utf8",
		"regexp":
		return true
	}
	return false
}

// ByName reports whether the opaque packages, or reflection on behalf of them, call a method
// of this name of whatever they are given, at once or later: fmt, encoding/json, errors,
// log/slog, flag, database/sql, sort and container/heap, io, and other packages of encoding.
func ByName(method string) bool { return byName[method] }

var byName = map[string]bool{
	"String": true, "Error": true, "Format": true, "GoString": true, "Scan": true,
	"MarshalJSON": true, "MarshalText": true, "UnmarshalJSON": true, "UnmarshalText": true, "AppendText": true, "IsZero": true,
	"MarshalJSONTo": true, "UnmarshalJSONFrom": true,
	"MarshalBinary": true, "UnmarshalBinary": true, "AppendBinary": true, "GobEncode": true, "GobDecode": true,
	"MarshalXML": true, "UnmarshalXML": true, "MarshalXMLAttr": true, "UnmarshalXMLAttr": true,
	"Is": true, "As": true, "Unwrap": true, "LogValue": true, "Enabled": true, "Handle": true, "WithAttrs": true, "WithGroup": true,
	"Set": true, "Value": true, "Len": true, "Less": true, "Swap": true,
	"Read": true, "Write": true, "ReadFrom": true, "WriteTo": true, "ReadAt": true, "WriteAt": true, "ReadByte": true, "WriteByte": true,
	"WriteString": true, "ReadRune": true, "Seek": true, "Close": true,
}

// Executes has the functions that call methods by the names in a text, of their last
// argument.
var Executes = map[string]bool{
	"(*text/template.Template).Execute": true, "(*text/template.Template).ExecuteTemplate": true,
	"(*html/template.Template).Execute": true, "(*html/template.Template).ExecuteTemplate": true,
}

// LooksFor returns the methods that a function of the standard library looks for
// in values of any type, and calls.
func LooksFor(path, name string) []string {
	switch path {
	case "fmt":
		if strings.Contains(name, "rint") || strings.HasPrefix(name, "Append") || name == "Errorf" {
			return []string{"String", "Error", "Format", "GoString"}
		}
	case "encoding/json":
		// Not Unmarshal: before it calls a method it has seen the whole text, and
		// takes 10,000 levels at most.
		if strings.HasPrefix(name, "Marshal") || name == "Encode" {
			return []string{"MarshalJSON", "MarshalText"}
		}
	}
	return nil
}

// Wrapped has interfaces of the standard library whose values wrap each other: a
// Reader that reads from a Reader. The program puts these together, and not deep.
var Wrapped = map[string]bool{
	"io.Reader": true, "io.Writer": true, "io.Closer": true, "io.ReadCloser": true, "io.WriteCloser": true,
	"io.ReadWriteCloser": true, "io.Seeker": true, "io.ReaderAt": true, "io.WriterTo": true, "io.ReaderFrom": true,
	"io.ByteReader": true, "io.ReadSeeker": true, "io.RuneReader": true, "io.ByteScanner": true, "io.StringWriter": true,
	"context.Context": true, "error": true, "net.Conn": true, "net.Listener": true, "io/fs.FS": true,
	"net/http.Handler": true, "net/http.RoundTripper": true, "net/http.ResponseWriter": true,
	"log/slog.Handler": true, "sort.Interface": true, "hash.Hash": true, "image.Image": true,
	"crypto.Signer": true, "math/rand.Source": true, "reflect.Type": true, "database/sql/driver.Conn": true,
	"io.WriterAt": true, "io.ByteWriter": true, "io/fs.File": true, "io.RuneScanner": true,
	"database/sql/driver.Result": true, "database/sql/driver.Tx": true, "net.Addr": true, "net.PacketConn": true,
	"golang.org/x/text/transform.Transformer": true, "golang.org/x/text/transform.SpanningTransformer": true,
	"encoding/xml.TokenReader": true, "crypto/cipher.Block": true, "io/fs.FileInfo": true, "io/fs.DirEntry": true,
	"testing.TB": true, "database/sql/driver.ValueConverter": true, "net/http.Pusher": true, "net.Error": true, "log/slog.Leveler": true,
}

// Reads reports whether a function of the standard library reads from what it is given.
func Reads(name string) bool { return reads[name] }

var reads = map[string]bool{
	"io.ReadFull": true, "io.ReadAtLeast": true, "io.ReadAll": true, "io.Copy": true, "io.CopyN": true, "io.CopyBuffer": true,
	"encoding/binary.Read": true, "encoding/binary.ReadUvarint": true, "encoding/binary.ReadVarint": true,
	"fmt.Fscan": true, "fmt.Fscanf": true, "fmt.Fscanln": true,
}

// Buffers are types of texts that are put together.
var Buffers = map[string]bool{"strings.Builder": true, "bytes.Buffer": true}

// Descriptions are types that describe the program itself, as deep as it was
// written.
var Descriptions = map[string]bool{
	"context.Context": true, "error": true,
	"reflect.Type": true, "reflect.StructField": true, "reflect.Method": true, "reflect.StructTag": true,
	"internal/abi.Type": true, "internal/reflectlite.Type": true, "internal/runtime/abi.Type": true,
	"sync.Mutex": true, "sync.RWMutex": true, "sync.WaitGroup": true, "sync.Once": true, "sync.Pool": true,
	"context.CancelFunc": true, "context.CancelCauseFunc": true, // net/http's transport wraps one in another
	"context.cancelCtx": true, "context.canceler": true, "context.valueCtx": true, "testing.common": true,
	"testing.T": true, "testing.B": true, "testing.TB": true, "log.Logger": true, "log/slog.Logger": true,
}

// GoType reports whether the named type describes a Go type. Recursion that
// follows one is as deep as the type is declared.
func GoType(name string) bool {
	switch name {
	case "reflect.Type", "reflect.StructField", "internal/abi.Type":
		return true
	}
	return false
}

// Writers and HTTPRequests are what a handler of net/http is given. A function with
// a request alone may be a client's.
var (
	Writers      = map[string]bool{"net/http.ResponseWriter": true}
	HTTPRequests = map[string]bool{"*net/http.Request": true}
)

// Requests are what handlers are given by frameworks.
var Requests = map[string]bool{
	"*github.com/gin-gonic/gin.Context": true, "github.com/labstack/echo/v4.Context": true,
	"github.com/labstack/echo.Context": true, "*github.com/gofiber/fiber/v2.Ctx": true,
	"github.com/gofiber/fiber/v3.Ctx": true, "*github.com/valyala/fasthttp.RequestCtx": true,
}

// Connections are what a server of its own protocol is given.
var Connections = map[string]bool{
	"net.Conn": true, "net.PacketConn": true, "net.Listener": true, "*net.TCPConn": true, "*net.UDPConn": true,
	"*net.UnixConn": true, "*crypto/tls.Conn": true, "*github.com/gorilla/websocket.Conn": true,
	"*golang.org/x/net/websocket.Conn": true, "*github.com/coder/websocket.Conn": true,
}

// Inputs are the types of what is decoded or parsed, whatever the function is called.
var Inputs = map[string]bool{
	"[]byte": true, "io.Reader": true, "*bufio.Reader": true, "io.ReadCloser": true, "io.ReadSeeker": true,
	"io.ReaderAt": true, "*encoding/json.Decoder": true, "*encoding/xml.Decoder": true, "*bytes.Buffer": true,
	"*bytes.Reader": true, "*strings.Reader": true,
}
