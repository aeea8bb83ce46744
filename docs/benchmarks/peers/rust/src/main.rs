//! The workloads of the Go program on Rust's crates against stack overflow:
//!
//!     peers WAY WORKLOAD N REPEATS BATCH
//!
//! WAY is plain, stacker, recursive, stacksafe, reblessive or vuot; the rest is as in
//! ../build.

use std::future::Future;
use std::hint::black_box;

use reblessive::Stk;
use vuot::StacklessFn;

// stacker as its documentation and the Rust compiler use it: 100 KiB that must
// be left, and 1 MiB for a new piece.
const RED_ZONE: usize = 100 << 10;
const PIECE: usize = 1 << 20;

// fib

#[inline(never)]
fn fib_plain(n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    fib_plain(n - 1) + fib_plain(n - 2)
}

#[inline(never)]
fn fib_stacker(n: u64) -> u64 {
    stacker::maybe_grow(RED_ZONE, PIECE, || {
        if n < 2 {
            return n;
        }
        fib_stacker(n - 1) + fib_stacker(n - 2)
    })
}

#[recursive::recursive]
fn fib_recursive(n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    fib_recursive(n - 1) + fib_recursive(n - 2)
}

#[stacksafe::stacksafe]
fn fib_stacksafe(n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    fib_stacksafe(n - 1) + fib_stacksafe(n - 2)
}

async fn fib_reblessive(stk: &mut Stk, n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    stk.run(|stk| fib_reblessive(stk, n - 1)).await
        + stk.run(|stk| fib_reblessive(stk, n - 2)).await
}

async fn fib_vuot(stack: vuot::Stack<'_>, n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    stack.run(fib_vuot(stack, n - 1)).await + stack.run(fib_vuot(stack, n - 2)).await
}

struct Fib(u64);

impl<'a> StacklessFn<'a, u64> for Fib {
    fn call(self, stack: vuot::Stack<'a>) -> impl Future<Output = u64> {
        fib_vuot(stack, self.0)
    }
}

// Linear recursion. black_box keeps the compiler from making a loop of it.

#[inline(never)]
fn linear_plain(n: u64) -> u64 {
    if n == 0 {
        return 0;
    }
    black_box(linear_plain(n - 1)) + 1
}

#[inline(never)]
fn linear_stacker(n: u64) -> u64 {
    stacker::maybe_grow(RED_ZONE, PIECE, || {
        if n == 0 {
            return 0;
        }
        black_box(linear_stacker(n - 1)) + 1
    })
}

#[recursive::recursive]
fn linear_recursive(n: u64) -> u64 {
    if n == 0 {
        return 0;
    }
    black_box(linear_recursive(n - 1)) + 1
}

#[stacksafe::stacksafe]
fn linear_stacksafe(n: u64) -> u64 {
    if n == 0 {
        return 0;
    }
    black_box(linear_stacksafe(n - 1)) + 1
}

async fn linear_reblessive(stk: &mut Stk, n: u64) -> u64 {
    if n == 0 {
        return 0;
    }
    black_box(stk.run(|stk| linear_reblessive(stk, n - 1)).await) + 1
}

async fn linear_vuot(stack: vuot::Stack<'_>, n: u64) -> u64 {
    if n == 0 {
        return 0;
    }
    black_box(stack.run(linear_vuot(stack, n - 1)).await) + 1
}

struct Linear(u64);

impl<'a> StacklessFn<'a, u64> for Linear {
    fn call(self, stack: vuot::Stack<'a>) -> impl Future<Output = u64> {
        linear_vuot(stack, self.0)
    }
}

// The tree evaluator: (node, environment) -> value or error.

enum Node {
    Number(i64),
    Name(&'static str),
    Op(u8, Box<Node>, Box<Node>),
}

struct Env {
    name: &'static str,
    value: i64,
    next: Option<Box<Env>>,
}

#[derive(Debug)]
struct Unknown;

type Value = Result<i64, Unknown>;

fn lookup(env: &Env, name: &str) -> Value {
    let mut at = Some(env);
    while let Some(e) = at {
        if e.name == name {
            return Ok(e.value);
        }
        at = e.next.as_deref();
    }
    Err(Unknown)
}

fn apply(op: u8, l: i64, r: i64) -> i64 {
    match op {
        b'+' => l.wrapping_add(r),
        b'-' => l.wrapping_sub(r),
        _ => l.wrapping_mul(r),
    }
}

/// The same tree as in the Go program; leaves counts those made so far.
fn build(depth: u64, leaves: &mut i64) -> Node {
    if depth == 0 {
        *leaves += 1;
        if *leaves % 3 == 0 {
            return Node::Name("y");
        }
        return Node::Number(*leaves);
    }
    let op = b"+-*"[(*leaves % 3) as usize];
    let left = build(depth - 1, leaves);
    Node::Op(op, Box::new(left), Box::new(build(depth - 1, leaves)))
}

#[inline(never)]
fn tree_plain(node: &Node, env: &Env) -> Value {
    match node {
        Node::Number(n) => Ok(*n),
        Node::Name(name) => lookup(env, name),
        Node::Op(op, l, r) => {
            let l = tree_plain(l, env)?;
            let r = tree_plain(r, env)?;
            Ok(apply(*op, l, r))
        }
    }
}

#[inline(never)]
fn tree_stacker(node: &Node, env: &Env) -> Value {
    stacker::maybe_grow(RED_ZONE, PIECE, || match node {
        Node::Number(n) => Ok(*n),
        Node::Name(name) => lookup(env, name),
        Node::Op(op, l, r) => {
            let l = tree_stacker(l, env)?;
            let r = tree_stacker(r, env)?;
            Ok(apply(*op, l, r))
        }
    })
}

#[recursive::recursive]
fn tree_recursive(node: &Node, env: &Env) -> Value {
    match node {
        Node::Number(n) => Ok(*n),
        Node::Name(name) => lookup(env, name),
        Node::Op(op, l, r) => {
            let l = tree_recursive(l, env)?;
            let r = tree_recursive(r, env)?;
            Ok(apply(*op, l, r))
        }
    }
}

#[stacksafe::stacksafe]
fn tree_stacksafe(node: &Node, env: &Env) -> Value {
    match node {
        Node::Number(n) => Ok(*n),
        Node::Name(name) => lookup(env, name),
        Node::Op(op, l, r) => {
            let l = tree_stacksafe(l, env)?;
            let r = tree_stacksafe(r, env)?;
            Ok(apply(*op, l, r))
        }
    }
}

async fn tree_reblessive(stk: &mut Stk, node: &Node, env: &Env) -> Value {
    match node {
        Node::Number(n) => Ok(*n),
        Node::Name(name) => lookup(env, name),
        Node::Op(op, l, r) => {
            let l = stk.run(|stk| tree_reblessive(stk, l, env)).await?;
            let r = stk.run(|stk| tree_reblessive(stk, r, env)).await?;
            Ok(apply(*op, l, r))
        }
    }
}

async fn tree_vuot(stack: vuot::Stack<'_>, node: &Node, env: &Env) -> Value {
    match node {
        Node::Number(n) => Ok(*n),
        Node::Name(name) => lookup(env, name),
        Node::Op(op, l, r) => {
            let l = stack.run(tree_vuot(stack, l, env)).await?;
            let r = stack.run(tree_vuot(stack, r, env)).await?;
            Ok(apply(*op, l, r))
        }
    }
}

struct Tree<'t>(&'t Node, &'t Env);

impl<'a, 't> StacklessFn<'a, Value> for Tree<'t> {
    async fn call(self, stack: vuot::Stack<'a>) -> Value {
        tree_vuot(stack, self.0, self.1).await
    }
}

/// Runs a future that never waits for anything.
fn block_on<F: Future>(f: F) -> F::Output {
    let mut f = std::pin::pin!(f);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(v) = f.as_mut().poll(&mut cx) {
            return v;
        }
    }
}

/// The CPU time of the process, in nanoseconds.
fn cpu() -> f64 {
    let mut t = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut t) };
    t.tv_sec as f64 * 1e9 + t.tv_nsec as f64
}

fn measure(calls: u64, (repeats, batch): (usize, u64), want: u64, mut run: impl FnMut() -> u64) {
    for i in 0..=repeats {
        let times = if i == 0 { 1 } else { batch };
        let start = cpu();
        for _ in 0..times {
            assert_eq!(black_box(run()), want);
        }
        println!("{}", (cpu() - start) / times as f64 / calls as f64);
    }
}

fn work(way: &str, workload: &str, n: u64, repeats: (usize, u64)) {
    let mut blessed = reblessive::Stack::new();
    match workload {
        "fib" => {
            let (mut want, mut next, mut calls, mut more) = (0, 1, 1, 1);
            for _ in 0..n {
                (want, next) = (next, want + next);
                (calls, more) = (more, calls + more + 1);
            }
            measure(calls, repeats, want, || {
                let n = black_box(n);
                match way {
                    "plain" => fib_plain(n),
                    "stacker" => fib_stacker(n),
                    "recursive" => fib_recursive(n),
                    "stacksafe" => fib_stacksafe(n),
                    "reblessive" => blessed.enter(|stk| fib_reblessive(stk, n)).finish(),
                    "vuot" => block_on(vuot::run(Fib(n))),
                    _ => panic!("no way {way}"),
                }
            })
        }
        "linear" => measure(n, repeats, n, || {
            let n = black_box(n);
            match way {
                "plain" => linear_plain(n),
                "stacker" => linear_stacker(n),
                "recursive" => linear_recursive(n),
                "stacksafe" => linear_stacksafe(n),
                "reblessive" => blessed.enter(|stk| linear_reblessive(stk, n)).finish(),
                "vuot" => block_on(vuot::run(Linear(n))),
                _ => panic!("no way {way}"),
            }
        }),
        "tree" => {
            let tree = build(n, &mut 0);
            let env = Env {
                name: "x",
                value: 1,
                next: Some(Box::new(Env {
                    name: "y",
                    value: 2,
                    next: None,
                })),
            };
            let want = tree_plain(&tree, &env).unwrap() as u64;
            measure((2 << n) - 1, repeats, want, || {
                (match way {
                    "plain" => tree_plain(&tree, &env),
                    "stacker" => tree_stacker(&tree, &env),
                    "recursive" => tree_recursive(&tree, &env),
                    "stacksafe" => tree_stacksafe(&tree, &env),
                    "reblessive" => blessed
                        .enter(|stk| tree_reblessive(stk, &tree, &env))
                        .finish(),
                    "vuot" => block_on(vuot::run(Tree(&tree, &env))),
                    _ => panic!("no way {way}"),
                })
                .unwrap() as u64
            })
        }
        _ => panic!("no workload {workload}"),
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let [_, way, workload, n, repeats, batch] = &args[..] else {
        panic!("usage: peers WAY WORKLOAD N REPEATS BATCH")
    };
    let repeats = (repeats.parse().unwrap(), batch.parse().unwrap());
    work(way, workload, n.parse().unwrap(), repeats);
}
