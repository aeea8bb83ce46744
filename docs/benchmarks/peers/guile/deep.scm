; deep WORKLOAD N REPEATS BATCH; see ../build
(define (fib n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))

(define (linear n) (if (= n 0) 0 (+ 1 (linear (- n 1)))))

(define (calls n) (if (< n 2) 1 (+ 1 (calls (- n 1)) (calls (- n 2)))))

(define (measure f n want count times)
  (let ((start (get-internal-run-time)))
    (do ((i 0 (+ i 1))) ((= i times))
      (if (not (= (f n) want)) (exit 1)))
    (display (/ (* 1e9 (- (get-internal-run-time) start))
                internal-time-units-per-second times count))
    (newline)))

(define (main args)
  (let* ((fibs (string=? (list-ref args 1) "fib"))
         (n (string->number (list-ref args 2)))
         (f (if fibs fib linear))
         (want (if fibs (fib n) n))
         (count (if fibs (calls n) n)))
    (measure f n want count 1)
    (do ((i 0 (+ i 1))) ((= i (string->number (list-ref args 3))))
      (measure f n want count (string->number (list-ref args 4))))))

; The command line starts with what guile itself was told.
(main (cons "deep" (list-tail (command-line) (- (length (command-line)) 4))))
