# gitramp as an image: static, without root. The bases are pinned by version; a build that has to be the same tomorrow pins their digests too, as
# --build-arg GO=golang@sha256:... and --build-arg GIT=alpine@sha256:..., for which a registry has to be asked.
#
#   docker build --build-arg VERSION=v1.2.3 .                the binary alone, for what goes by files: validate, lint, fn, schema, import, export, render --check and
#                                                            --write. plan, prove, diff and render --to do so only where no repository is around the spec: in one they
#                                                            ask git where the app stands, and fail without it
#   docker build --build-arg VERSION=v1.2.3 --target fn .    the same as gitramp-fn, which is gitramp fn: a KRM function in a container, which is started without arguments
#   docker build --build-arg VERSION=v1.2.3 --target git .   with git and ssh: everything, among it commit, advance, and Argo CD's plugin
ARG GO=golang:1.26.10-bookworm
ARG GIT=alpine:3.22.2

FROM ${GO} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# Where no version is given, it is the commit: .git is copied too, and its owner is another.
ARG VERSION=
RUN git config --global --add safe.directory /src && \
    CGO_ENABLED=0 go build -trimpath -buildvcs=auto -ldflags "-s -w -buildid= -X main.version=${VERSION}" -o /gitramp ./cmd/gitramp

FROM ${GIT} AS git
RUN apk add --no-cache ca-certificates git openssh-client
COPY --from=build /gitramp /usr/local/bin/gitramp
WORKDIR /work
USER 65532:65532
ENTRYPOINT ["gitramp"]

FROM scratch AS fn
COPY --from=build /gitramp /usr/local/bin/gitramp-fn
ENV PATH=/usr/local/bin
WORKDIR /work
USER 65532:65532
ENTRYPOINT ["gitramp-fn"]

FROM scratch
COPY --from=build /gitramp /usr/local/bin/gitramp
ENV PATH=/usr/local/bin
WORKDIR /work
USER 65532:65532
ENTRYPOINT ["gitramp"]
