package knowledge

import (
	"regexp"
	"strings"
)

// A limit is one that the standard library keeps where check does not see it: in the
// parser of what the functions walk, in a counter of another name, or in what the
// program does with them.
type limit struct {
	path   string
	funcs  *regexp.Regexp // names as program.Name has them; nil means all of the package
	reason string
}

const (
	goParser    = "go/parser refuses more than 100,000 levels"
	syntaxTree  = "regexp/syntax refuses expressions of more than 1,000 levels"
	templates   = "text/template/parse refuses more than 10,000 levels, and the template is the program's"
	jsonDecoder = "encoding/json refuses more than 10,000 levels"
	xmlDecoder  = "encoding/xml refuses more than 10,000 levels"
	constraints = "go/build/constraint refuses expressions of more than 1,000 operators"
	halving     = "it goes on with a part of the number or text, half of it or less: the depth is the logarithm"
	declared    = "it follows a Go type, as deep as it is declared"
	byProgram   = "it is as deep as the program puts values into each other"
	compiled    = "it reads what the compiler wrote"
	states      = "it changes to another state, and goes on at once"
)

func only(names string) *regexp.Regexp { return regexp.MustCompile(`^(` + names + `)$`) }

var limits = []limit{
	{"go/ast", nil, goParser}, {"go/printer", nil, goParser}, {"go/parser", nil, goParser}, {"go/doc", nil, goParser},
	{"go/types", nil, goParser}, {"go/format", nil, goParser}, {"go/token", nil, "the tree is balanced"},
	{"go/internal/typeparams", nil, goParser}, {"internal/types/errors", nil, goParser},
	{"go/doc/comment", nil, "go/doc/comment's parser puts no list into a list and no link into a link"},
	{"go/constant", regexp.MustCompile(`^[^(]|complexVal`), "a constant has two parts, and each is converted once or twice"},
	{"go/build/constraint", nil, constraints},
	{"regexp/syntax", nil, syntaxTree}, {"regexp", nil, syntaxTree + ", and limits the size of what is compiled"},
	{"text/template/parse", nil, templates},
	{"text/template", only(`\(\*state\)\.(walk|eval).*`), templates + ", and templates call each other 100,000 deep at most"},
	{"html/template", nil, templates},
	{"encoding/json", regexp.MustCompile(`^\(\*decodeState\)|^\(\*scanner\)`), "it refuses more than 10,000 levels"},
	{"encoding/xml", regexp.MustCompile(`^\(\*Decoder\)`), "it refuses more than 10,000 levels"},
	{"encoding/xml", only(`\(\*printer\)\.marshalAttr`), declared},
	{"encoding/gob", regexp.MustCompile(`^\(\*Decoder\)|^\(\*Encoder\)\.send`), "it refuses more than 10,000 levels of ignored values, and follows Go types in the others"},
	{"encoding/gob", regexp.MustCompile(`^decodeIntoValue`), declared},
	{"encoding/binary", nil, declared}, {"reflect", only(`\(Value\)\.IsZero`), declared},
	{"internal/profile", nil, declared},
	{"math/big", nil, halving}, {"index/suffixarray", nil, halving},
	{"crypto/tls", only(`\(\*Conn\)\.(readRecordOrCCS|retryReadRecord)`), "c.retryCount > maxUselessRecords (16)"},
	{"crypto/x509", only(`\(\*Certificate\)\.buildChains.*`), "*sigChecks > maxChainSignatureChecks (100)"},
	{"crypto/x509", regexp.MustCompile(`^build|^marshal|^Create`), byProgram},
	{"crypto/tls", regexp.MustCompile(`\.marshal`), byProgram},
	{"go/internal/gccgoimporter", nil, compiled}, {"go/internal/gcimporter", nil, compiled},
	{"go/internal/srcimporter", nil, "it is as deep as packages import each other"},
	{"math/big/internal/asmgen", nil, byProgram},
	{"net/http", only(`\(\*routingNode\).*`), "it is as deep as the patterns that the program registers"},
	{"net/http", only(`\(\*http2Framer\).*|\(\*http2serverConn\).*`), states},
	{"golang.org/x/net/http2", only(`\(\*Framer\).*|\(\*serverConn\).*`), states},
	{"golang.org/x/text/unicode/norm", nil, states},
	{"golang.org/x/crypto/cryptobyte", only(`\(\*Builder\).*`), byProgram},
	{"golang.org/x/text/transform", nil, byProgram},
	{"context", nil, byProgram}, {"testing", nil, byProgram}, {"testing/slogtest", nil, byProgram}, {"expvar", nil, byProgram},
	{"io", nil, byProgram}, {"encoding/pem", nil, states}, {"database/sql/driver", nil, byProgram},
	{"database/sql", only(`convertAssignRows.*|\(\*driverConn\).*`), "rows in rows end at the second level"},
	{"runtime/debug", nil, "a module is replaced by one that is not"},
	{"internal/sync", nil, "a level for each four bits of a hash"},
	{"internal/dag", nil, "the graph is a constant"}, {"internal/runtime/maps", nil, "a level for each bit of a hash"},
	{"os", nil, "255 symbolic links at most"},
	{"crypto/internal/fips140/hmac", nil, byProgram},
	{"github.com/zclconf/go-cty/cty", only(`\(Value\)\.(IsKnown|IsNull|IsWhollyKnown|HasWhollyKnownType|LessThan|GreaterThan|HasIndex|Length|` +
		`Add|Subtract|Negate|Multiply|Divide|Modulo|Absolute|GetAttr|Index|HasElement|Not|And|Or|True|False|Range|RefineWith|AsString)`),
		"a marked value has none in it, so it is unmarked once"},
}

// others are modules of which the same is known. It holds as long as they are
// dependencies; when one is checked itself, its code is judged.
var others = []struct{ prefix, reason string }{
	{"google.golang.org/protobuf", "protobuf's decoders refuse more than 10,000 levels, and types are as deep as they are declared"},
	{"github.com/golang/protobuf", "protobuf's decoders refuse more than 10,000 levels"},
	{"go.yaml.in/yaml", "the parser refuses more than 10,000 levels"},
	{"gopkg.in/yaml.v", "the parser refuses more than 10,000 levels"},
	{"sigs.k8s.io/yaml", "the parser refuses more than 10,000 levels"},
	{"github.com/spf13/cobra", "commands are in each other as the program puts them"},
	{"github.com/spf13/pflag", byProgram},
	{"golang.org/x/tools", goParser},
	{"golang.org/x/text", byProgram},
	{"golang.org/x/net/http2", states},
	{"google.golang.org/grpc", byProgram},
	{"go.opentelemetry.io", byProgram}, {"github.com/go-logr", byProgram}, {"go.uber.org/zap", byProgram},
	{"github.com/prometheus/client_golang", byProgram}, {"github.com/felixge/httpsnoop", byProgram},
	{"github.com/stretchr/testify", "it is for tests"}, {"github.com/google/go-cmp", "it is for tests"},
	{"github.com/davecgh/go-spew", "it is for tests"}, {"github.com/kr/pretty", "it is for tests"},
	{"github.com/rogpeppe/go-internal", "it is for tests"},
	{"github.com/jessevdk/go-flags", byProgram}, {"github.com/urfave/cli", byProgram}, {"github.com/alecthomas/kong", byProgram},
	{"github.com/google/pprof", declared},
	{"github.com/tetratelabs/wazero", "modules that the program loads, of which the validator limits the nesting"},
}

// but has the functions of such modules that this does not hold for.
var but = map[string]*regexp.Regexp{
	"google.golang.org/protobuf": only(`\(FileOptions\)\.addFileDeps|\(importSet\)\.importPublic`),
	"go.yaml.in/yaml":            regexp.MustCompile(`^\(\*decoder\)`),
	"gopkg.in/yaml.v":            regexp.MustCompile(`^\(\*decoder\)`),
	"sigs.k8s.io/yaml":           regexp.MustCompile(`^\(\*decoder\)`),
}

// Dependency returns why a function of a package of another module does not recurse deep; "" if
// that is not known.
func Dependency(path, name string) string {
	for _, o := range others {
		if rest, ok := strings.CutPrefix(path, o.prefix); ok && (rest == "" || strings.ContainsAny(rest[:1], "/.0123456789")) {
			if deeper := but[o.prefix]; deeper != nil && deeper.MatchString(name) {
				return ""
			}
			return o.reason
		}
	}
	return ""
}

// Reported tells packages whose recursion is reported where a value is handed to them,
// see [Walkers], and not once more inside.
func Reported(path string) bool {
	switch path {
	case "fmt", "reflect", "encoding/json", "encoding/xml", "encoding/gob", "encoding/asn1", "internal/fmtsort":
		return true
	}
	return false
}

// Limited returns why a function of the standard library does not recurse deep; ""
// if that is not known. Copies of packages in the standard library
// count as these.
func Limited(path, name string) string {
	path = strings.TrimPrefix(path, "vendor/")
	for _, l := range limits {
		if l.path == path && (l.funcs == nil || l.funcs.MatchString(name)) {
			return l.reason
		}
	}
	return ""
}

// Shallow has packages whose recursion is not deep for what some of the standard library
// give them, and says why.
var Shallow = map[string]struct {
	For    []string
	Reason string
}{
	"text/tabwriter": {[]string{"go/printer", "runtime/pprof", "internal/coverage/cformat"}, "it is as deep as a table has columns, and only packages of the standard library use it here, whose tables have few"},
}

// Decoders have the functions that set what their last argument points at, and the limit
// of what they make.
var Decoders = map[string]string{
	"encoding/json.Unmarshal":          jsonDecoder,
	"(*encoding/json.Decoder).Decode":  jsonDecoder,
	"encoding/json/v2.Unmarshal":       jsonDecoder,
	"encoding/json/v2.UnmarshalRead":   jsonDecoder,
	"encoding/json/v2.UnmarshalDecode": jsonDecoder,
	"encoding/xml.Unmarshal":           xmlDecoder,
	"(*encoding/xml.Decoder).Decode":   xmlDecoder,
}

// LimitedData returns why values of the types of a package are not deep, whoever
// walks them; "" if that is not known.
func LimitedData(path string) string {
	switch path {
	case "go/ast":
		return goParser
	case "regexp/syntax":
		return syntaxTree
	case "text/template/parse":
		return templates
	case "go/build/constraint":
		return constraints
	}
	return ""
}
