; deep WORKLOAD N REPEATS BATCH; see ../build
(import (chezscheme))

(define (fib n) (if (fx< n 2) n (fx+ (fib (fx- n 1)) (fib (fx- n 2)))))

(define (linear n) (if (fx= n 0) 0 (fx+ 1 (linear (fx- n 1)))))

(define (calls n) (if (fx< n 2) 1 (fx+ 1 (calls (fx- n 1)) (calls (fx- n 2)))))

(define (cpu)
  (let ([t (current-time 'time-process)])
    (+ (* 1e9 (time-second t)) (time-nanosecond t))))

(define (measure f n want count times)
  (let ([start (cpu)])
    (do ([i 0 (fx+ i 1)]) ((fx= i times))
      (unless (fx= (f n) want) (exit 1)))
    (printf "~a\n" (/ (- (cpu) start) times count 1.0))))

(let* ([args (command-line-arguments)]
       [fibs (string=? (car args) "fib")]
       [n (string->number (cadr args))]
       [f (if fibs fib linear)]
       [want (if fibs (fib n) n)]
       [count (if fibs (calls n) n)])
  (measure f n want count 1)
  (do ([i 0 (fx+ i 1)]) ((fx= i (string->number (caddr args))))
    (measure f n want count (string->number (cadddr args)))))
