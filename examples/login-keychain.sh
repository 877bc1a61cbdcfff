#!/bin/bash
# For `runAfterUserCreation`: a login keychain for each task user, made by that user, unlocked and without a time-out.
# Its password is empty, and so no secret on a command line: the keychain is as safe as the home it lies in, and goes with it.
set -eu
keychain=$HOME/Library/Keychains/login.keychain-db
/bin/mkdir -p "${keychain%/*}"
/usr/bin/security create-keychain -p '' "$keychain"
/usr/bin/security list-keychains -d user -s "$keychain"
/usr/bin/security default-keychain -d user -s "$keychain"
/usr/bin/security login-keychain -d user -s "$keychain"
/usr/bin/security unlock-keychain -p '' "$keychain"
/usr/bin/security set-keychain-settings "$keychain"
