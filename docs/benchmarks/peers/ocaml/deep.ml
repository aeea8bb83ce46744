(* deep WORKLOAD N REPEATS BATCH; see ../build *)

let rec fib n = if n < 2 then n else fib (n - 1) + fib (n - 2)

let rec linear n = if n = 0 then 0 else linear (n - 1) + 1

let rec numbers n = if n < 2 then (n, 1) else
  let a, calls = numbers (n - 1) in
  let b, more = numbers (n - 2) in
  (a + b, calls + more + 1)

let () =
  let n = int_of_string Sys.argv.(2) and repeats = int_of_string Sys.argv.(3)
  and batch = int_of_string Sys.argv.(4) in
  let f, want, calls = match Sys.argv.(1) with
    | "fib" -> let v, c = numbers n in (fib, v, c)
    | _ -> (linear, n, n) in
  let measure times =
    let start = Sys.time () in
    for _ = 1 to times do
      if (Sys.opaque_identity f) (Sys.opaque_identity n) <> want then exit 1
    done;
    Printf.printf "%.3f\n" ((Sys.time () -. start) *. 1e9 /. float times /. float calls) in
  measure 1;
  for _ = 1 to repeats do measure batch done
