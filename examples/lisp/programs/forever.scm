; A recursion with a mistake: 1 is odd, and -1, and so on for ever.

(define (even? n) (if (= n 0) #t (not (odd? (- n 1)))))
(define (odd? n) (not (even? n)))

(define (count-even l)
  (if (null? l)
      0
      (+ (if (even? (car l)) 1 0) (count-even (cdr l)))))

(display (count-even (list 4 2 -1 0)))
(newline)
