#lang racket/base
; deep WORKLOAD N REPEATS BATCH; see ../build
(require racket/unsafe/ops ffi/unsafe/vm)

(define (fib n) (if (unsafe-fx< n 2) n (unsafe-fx+ (fib (unsafe-fx- n 1)) (fib (unsafe-fx- n 2)))))

(define (linear n) (if (unsafe-fx= n 0) 0 (unsafe-fx+ 1 (linear (unsafe-fx- n 1)))))

(define (calls n) (if (< n 2) 1 (+ 1 (calls (- n 1)) (calls (- n 2)))))

(define cpu
  (vm-eval '(lambda ()
              (let ([t (current-time 'time-process)])
                (+ (* 1e9 (time-second t)) (time-nanosecond t))))))

(define (measure f n want count times)
  (define start (cpu))
  (for ([i (in-range times)])
    (unless (= (f n) want) (exit 1)))
  (printf "~a\n" (/ (- (cpu) start) times count 1.0)))

(module* main #f
  (define args (current-command-line-arguments))
  (define fibs (string=? (vector-ref args 0) "fib"))
  (define n (string->number (vector-ref args 1)))
  (define f (if fibs fib linear))
  (define want (if fibs (fib n) n))
  (define count (if fibs (calls n) n))
  (measure f n want count 1)
  (for ([i (in-range (string->number (vector-ref args 2)))])
    (measure f n want count (string->number (vector-ref args 3)))))
