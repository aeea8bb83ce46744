-- deep WORKLOAD N REPEATS BATCH; see ../build
module Main (main) where

import Control.Exception (evaluate)
import Control.Monad (replicateM_, when)
import Data.IORef
import System.CPUTime (getCPUTime)
import System.Environment (getArgs)
import System.Exit (exitFailure)

fib :: Int -> Int
fib n = if n < 2 then n else fib (n - 1) + fib (n - 2)
{-# NOINLINE fib #-}

linear :: Int -> Int
linear n = if n == 0 then 0 else linear (n - 1) + 1
{-# NOINLINE linear #-}

calls :: Int -> Int
calls n = if n < 2 then 1 else calls (n - 1) + calls (n - 2) + 1

main :: IO ()
main = do
  [work, size, repeats, batch] <- getArgs
  -- The argument comes out of a reference each time, so that no call is shared.
  n <- newIORef (read size)
  let (f, want, count) = case work of
        "fib" -> (fib, fib (read size), calls (read size))
        _ -> (linear, read size, read size)
      measure times = do
        start <- getCPUTime
        replicateM_ times $ do
          x <- readIORef n
          got <- evaluate (f x)
          when (got /= want) exitFailure
        end <- getCPUTime
        print (fromIntegral (end - start) / 1000 / fromIntegral times / fromIntegral count :: Double)
  _ <- evaluate want
  _ <- evaluate count
  measure 1
  replicateM_ (read repeats) (measure (read batch))
