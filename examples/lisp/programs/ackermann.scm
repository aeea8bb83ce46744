; Ackermann's function: 2.8 million calls for (ack 3 8), two thousand deep.

(define (ack m n)
  (cond ((= m 0) (+ n 1))
        ((= n 0) (ack (- m 1) 1))
        (else (ack (- m 1) (ack m (- n 1))))))

(display (map (lambda (m) (ack m 3)) '(0 1 2 3)))
(newline)
(display (ack 3 8))
(newline)
