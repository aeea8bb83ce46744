// The workloads of the Go program on Kotlin's DeepRecursiveFunction:
//
//     MainKt WAY WORKLOAD N REPEATS BATCH
//
// WAY is deep or plain; the rest is as in ../build. Between the first call and the later
// ones it runs for a second, so that the JVM has compiled what it runs.

fun fibPlain(n: Long): Long = if (n < 2) n else fibPlain(n - 1) + fibPlain(n - 2)

val fibDeep = DeepRecursiveFunction<Long, Long> { n ->
    if (n < 2) n else callRecursive(n - 1) + callRecursive(n - 2)
}

fun linearPlain(n: Long): Long = if (n == 0L) 0 else linearPlain(n - 1) + 1

val linearDeep = DeepRecursiveFunction<Long, Long> { n ->
    if (n == 0L) 0 else callRecursive(n - 1) + 1
}

// The tree evaluator: (node, environment) -> value, or an exception.

class Node(val op: Char, val left: Node?, val right: Node?, val value: Long, val name: String)

class Env(val name: String, val value: Long, val next: Env?)

fun lookup(env: Env, name: String): Long {
    var at: Env? = env
    while (at != null) {
        if (at.name == name) return at.value
        at = at.next
    }
    throw NoSuchElementException(name)
}

fun apply(op: Char, l: Long, r: Long): Long = when (op) {
    '+' -> l + r
    '-' -> l - r
    else -> l * r
}

var leaves = 0L

fun build(depth: Long): Node {
    if (depth == 0L) {
        leaves++
        return if (leaves % 3 == 0L) Node('x', null, null, 0, "y") else Node('0', null, null, leaves, "")
    }
    val op = "+-*"[(leaves % 3).toInt()]
    val left = build(depth - 1)
    return Node(op, left, build(depth - 1), 0, "")
}

fun treePlain(node: Node, env: Env): Long = when (node.op) {
    '0' -> node.value
    'x' -> lookup(env, node.name)
    else -> apply(node.op, treePlain(node.left!!, env), treePlain(node.right!!, env))
}

// A DeepRecursiveFunction has one argument.
class Arg(val node: Node, val env: Env)

val treeDeep = DeepRecursiveFunction<Arg, Long> { (node, env) ->
    when (node.op) {
        '0' -> node.value
        'x' -> lookup(env, node.name)
        else -> apply(node.op, callRecursive(Arg(node.left!!, env)), callRecursive(Arg(node.right!!, env)))
    }
}

operator fun Arg.component1() = node
operator fun Arg.component2() = env

val os = java.lang.management.ManagementFactory.getOperatingSystemMXBean() as com.sun.management.OperatingSystemMXBean

class Repeats(val repeats: Int, val batch: Int)

fun measure(calls: Long, repeats: Repeats, want: Long, run: () -> Long) {
    fun once(times: Int) {
        val start = os.processCpuTime
        val wall = System.nanoTime()
        repeat(times) { check(run() == want) }
        // The CPU time of the process comes in steps of 10 ms.
        var ns = os.processCpuTime - start
        if (ns < 100_000_000) ns = System.nanoTime() - wall
        println(ns.toDouble() / times / calls)
    }
    os.processCpuTime
    once(1)
    val warm = System.nanoTime() + 1_000_000_000
    do {
        check(run() == want)
    } while (System.nanoTime() < warm)
    repeat(repeats.repeats) { once(repeats.batch) }
}

fun work(way: String, workload: String, n: Long, repeats: Repeats) {
    val deep = way == "deep"
    when (workload) {
        "fib" -> {
            var want = 0L
            var next = 1L
            var calls = 1L
            var more = 1L
            repeat(n.toInt()) {
                want = next.also { next += want }
                calls = more.also { more += calls + 1 }
            }
            measure(calls, repeats, want) { if (deep) fibDeep(n) else fibPlain(n) }
        }
        "linear" -> measure(n, repeats, n) { if (deep) linearDeep(n) else linearPlain(n) }
        "tree" -> {
            val tree = build(n)
            val env = Env("x", 1, Env("y", 2, null))
            measure((2L shl n.toInt()) - 1, repeats, treePlain(tree, env)) {
                if (deep) treeDeep(Arg(tree, env)) else treePlain(tree, env)
            }
        }
        else -> error("no workload $workload")
    }
}

fun main(args: Array<String>) {
    // A thread of its own for plain recursion, which the main thread's stack ends early.
    val thread = Thread(null, { work(args[0], args[1], args[2].toLong(), Repeats(args[3].toInt(), args[4].toInt())) }, "work", 16L shl 30)
    thread.start()
    thread.join()
}
